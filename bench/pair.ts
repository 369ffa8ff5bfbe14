import { Client, Connection } from '@temporalio/client';
import { startTemporalServer } from '../scripts/temporal-server.ts';
import {
  startBenchWorker,
  startEmptyAlgolia,
  type BenchWorker,
  type EmptyAlgolia,
  type Make,
} from './worker-process.ts';

export interface Pair {
  readonly client: Client;
  readonly algolia: EmptyAlgolia;
  readonly workers: Readonly<Record<Make, BenchWorker>>;
}

/** Our worker and the emptiest one, in processes of their own beside one server, for as long as `work` takes. */
export async function withPair(work: (pair: Pair) => Promise<void>): Promise<void> {
  const [temporal, algolia] = await Promise.all([startTemporalServer({ ui: false }), startEmptyAlgolia()]);
  const connection = await Connection.connect({ address: temporal.address });
  const client = new Client({ connection, namespace: temporal.namespace });
  const workers = {
    ours: await startBenchWorker('ours', temporal.address, algolia.url),
    empty: await startBenchWorker('empty', temporal.address, algolia.url),
  };
  try {
    await work({ client, algolia, workers });
  } finally {
    await Promise.all([workers.ours.stop(), workers.empty.stop(), connection.close()]);
    await Promise.all([temporal.stop(), algolia.stop()]);
  }
}
