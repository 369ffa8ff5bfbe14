import { Client, Connection } from '@temporalio/client';
import { NativeConnection, type Worker, type WorkerOptions } from '@temporalio/worker';
import { randomUUID } from 'node:crypto';
import { inject } from 'vitest';
import { installQuietRuntime } from '../../scripts/install-quiet-runtime.ts';
import type { Simulator } from '../../simulator/index.ts';
import { loadConfig } from '../../src/config.ts';
import { createWorker } from '../../src/create-worker.ts';
import { createScrubber } from '../../src/secrets/scrubber.ts';

// Failures that tests provoke are warnings.
installQuietRuntime();

export interface TestWorkerOptions {
  readonly simulator: Pick<Simulator, 'url' | 'applicationId' | 'apiKey'>;
  /** What the worker's environment has besides, or instead. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly overrides?: Partial<WorkerOptions>;
}

export interface TestWorker {
  /** Starts workflows on the worker's task queue, each with an id of its own. Wrap with `withTimeSkipping` to jump over timers. */
  readonly client: Client;
  readonly taskQueue: string;
  readonly worker: Worker;
  readonly stop: () => Promise<void>;
}

/** What a worker's environment holds in a test: `loadConfig` takes it, and so does a spawned process. */
export function workerEnvironment(
  simulator: TestWorkerOptions['simulator'],
  taskQueue: string,
): Record<string, string> {
  const { address, namespace } = inject('temporal');
  return {
    TEMPORAL_ADDRESS: address,
    TEMPORAL_NAMESPACE: namespace,
    TASK_QUEUE: taskQueue,
    ALGOLIA_APPLICATION_ID: simulator.applicationId,
    ALGOLIA_API_KEY: simulator.apiKey,
    ALGOLIA_INGESTION_URL: simulator.url,
    ALGOLIA_SEARCH_URL: simulator.url,
    SHUTDOWN_GRACE: '100ms',
    LOG_LEVEL: 'error',
  };
}

/** The worker as `src/worker.ts` makes it, in this process, with the shared bundle and a task queue of its own. */
export async function startTestWorker({
  simulator,
  environment = {},
  overrides = {},
}: TestWorkerOptions): Promise<TestWorker> {
  const config = loadConfig({ ...workerEnvironment(simulator, `test-${randomUUID()}`), ...environment });
  const { connectionOptions, namespace } = config.temporal;
  const { address } = connectionOptions as { address: string };
  const [native, connection] = await Promise.all([
    NativeConnection.connect({ address }),
    Connection.connect({ address }),
  ]);
  const worker = await createWorker(config, native, createScrubber(), {
    workflowBundle: inject('workflowBundle'),
    ...overrides,
  });
  const running = worker.run();
  return {
    client: new Client({ connection, namespace }),
    taskQueue: config.taskQueue,
    worker,
    async stop() {
      worker.shutdown();
      await running;
      await Promise.all([native.close(), connection.close()]);
    },
  };
}
