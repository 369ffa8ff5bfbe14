import type { Client } from '@temporalio/client';
import type { MetricMeter } from '@temporalio/common';
import type { WorkerPlugin } from '@temporalio/worker';
import type { KeyRing } from '../secrets/key-ring.ts';

/** As often as Prometheus usually asks. */
const EVERY_MS = 15_000;

export interface GaugesOptions {
  readonly meter: MetricMeter;
  readonly client: Client;
  readonly taskQueue: string;
  readonly keys: Pick<KeyRing, 'seen'>;
}

/** Keeps what is no event but a state up to date while the worker runs. What can't be read keeps its last value. */
export function watchGauges({ meter, client, taskQueue, keys }: GaugesOptions): WorkerPlugin {
  const startedAt = Date.now();
  // The exporter puts the unit behind the name of a histogram only.
  const gauge = (name: string, description: string) => meter.createGauge(name, 'float', '', description);
  const waiting = gauge('algolia_ingestion_approvals_waiting', 'Workflows that wait for an approval');
  const epoch = gauge('algolia_ingestion_key_epoch', 'How often the API key was rotated');
  const keyAge = gauge('algolia_ingestion_key_age_seconds', 'Since the API key was last rotated; absent if never');
  const ringAge = gauge(
    'algolia_ingestion_key_ring_age_seconds',
    'Since this worker last read which API key counts, or since it started',
  );
  const query = `ApprovalState = 'waiting' AND ExecutionStatus = 'Running' AND TaskQueue = ${JSON.stringify(taskQueue)}`;
  let counting: Promise<void> | undefined;
  const countWaiting = async () => waiting.set((await client.workflow.count(query)).count);
  const look = () => {
    const seen = keys.seen();
    ringAge.set((Date.now() - (seen?.readAt ?? startedAt)) / 1_000);
    if (seen) epoch.set(seen.epoch);
    if (seen?.changedAt !== undefined) keyAge.set((Date.now() - seen.changedAt) / 1_000);
    // While Temporal is away an answer takes long; where it doesn't know the search attribute, there is none.
    counting ??= countWaiting()
      .catch(() => undefined)
      .finally(() => (counting = undefined));
  };
  return {
    name: 'gauges',
    async runWorker(worker, next) {
      look();
      const timer = setInterval(look, EVERY_MS);
      try {
        await next(worker);
      } finally {
        clearInterval(timer);
      }
    },
  };
}
