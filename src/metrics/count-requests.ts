import type { MetricMeter } from '@temporalio/common';
import type { ObserveExchange } from '../algolia/observe.ts';
import { REQUEST_DURATION } from './prometheus.ts';

/** Counts every request to Algolia and how long it took. The status is HTTP's, or `none` where no answer came. */
export function countRequests(meter: MetricMeter): ObserveExchange {
  const requests = meter.createCounter('algolia_ingestion_requests', '', 'Requests to Algolia by status');
  const duration = meter.createHistogram(REQUEST_DURATION, 'float', 'seconds', 'From request to complete answer');
  return async ({ operation, effect }, send) => {
    const startedAt = performance.now();
    let status = 'none';
    try {
      const answer = await send();
      status = String(answer.status);
      return answer;
    } finally {
      requests.add(1, { operation, effect, status });
      duration.record((performance.now() - startedAt) / 1_000, { operation, effect });
    }
  };
}
