import type { MetricMeter } from '@temporalio/common';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';

/** Counts the attempts of activities after their first. */
export function countRetries(meter: MetricMeter): ActivityInterceptorsFactory {
  const retries = meter.createCounter('algolia_ingestion_retries', '', 'Attempts of activities after the first');
  return ({ info: { attempt, activityType } }) => ({
    inbound: {
      execute(input, next) {
        if (attempt > 1) retries.add(1, { activity: activityType });
        return next(input);
      },
    },
  });
}
