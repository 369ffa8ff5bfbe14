import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import { loadConfig } from '../src/config.ts';
import { createWorker } from '../src/create-worker.ts';
import { createScrubber } from '../src/secrets/scrubber.ts';
import { installQuietRuntime } from '../scripts/install-quiet-runtime.ts';
import { serveOnLoopback } from '../scripts/serve-on-loopback.ts';
import { endProcess } from './end-process.ts';
import { residentMb } from './process-memory.ts';

const THIS_FILE = fileURLToPath(import.meta.url);

const ANSWER = JSON.stringify({
  tasks: [],
  pagination: { nbPages: 1, page: 1, nbItems: 0, itemsPerPage: 1 },
  taskID: '6c02aeb1-775e-418e-870b-1faccd4b2c0f',
  sourceID: '6c02aeb1-775e-418e-870b-1faccd4b2c10',
  destinationID: '6c02aeb1-775e-418e-870b-1faccd4b2c11',
  enabled: true,
  action: 'replace',
  createdAt: '2026-01-01T00:00:00.000Z',
  updatedAt: '2026-01-01T00:00:00.000Z',
  deletedAt: '2026-01-01T00:00:00.000Z',
});

/** `ours` is the project's worker as it is; `empty` one whose only activity does nothing, with the SDK's defaults. */
export type Make = 'ours' | 'empty';

export interface BenchWorker {
  readonly taskQueue: string;
  /** Linux only. */
  readonly residentMb: () => number;
  readonly cpuMs: () => number;
  readonly stop: () => Promise<void>;
}

/** Starts a worker in a process of its own; ready when it polls. */
export async function startBenchWorker(make: Make, address: string, algoliaUrl: string): Promise<BenchWorker> {
  const taskQueue = `bench-${make}`;
  const { PATH = '', HOME = '' } = process.env;
  const child = fork(THIS_FILE, [make], {
    env: {
      PATH,
      HOME,
      TEMPORAL_ADDRESS: address,
      TASK_QUEUE: taskQueue,
      ALGOLIA_APPLICATION_ID: 'BENCH',
      ALGOLIA_API_KEY: 'a-key-for-the-bench',
      ALGOLIA_INGESTION_URL: algoliaUrl,
      ALGOLIA_SEARCH_URL: algoliaUrl,
      LOG_LEVEL: 'error',
    },
  });
  await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(([code]) => Promise.reject(new Error(`the worker ended with ${String(code)}`))),
  ]);
  return {
    taskQueue,
    residentMb: () => residentMb(child.pid),
    // utime and stime, in hundredths of a second.
    cpuMs: () => {
      const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
      return (Number(fields[11]) + Number(fields[12])) * 10;
    },
    stop: () => endProcess(child),
  };
}

export interface EmptyAlgolia {
  readonly url: string;
  /** Resolves when the next request of this method comes. */
  readonly nextRequest: (method: string) => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** Answers every request at once with the same, in this process: an empty list to who asks for one, a task to who asks for that. */
export async function startEmptyAlgolia(): Promise<EmptyAlgolia> {
  const waiting = new Map<string, () => void>();
  const { url, stop } = await serveOnLoopback(({ method = '' }, response) => {
    waiting.get(method)?.();
    waiting.delete(method);
    response.writeHead(200, { 'content-type': 'application/json' }).end(ANSWER);
  });
  return { url, stop, nextRequest: (method) => new Promise((resolve) => waiting.set(method, resolve)) };
}

async function runWorker(make: Make): Promise<void> {
  installQuietRuntime();
  const workflowsPath = fileURLToPath(new URL(`./workflows/${make}.ts`, import.meta.url));
  const connection = await NativeConnection.connect({ address: process.env.TEMPORAL_ADDRESS ?? '' });
  const worker = await makers[make](connection, { workflowsPath });
  const running = worker.run();
  process.send?.('polling');
  process.on('disconnect', () => process.exit());
  await running;
}

const makers: Readonly<
  Record<Make, (connection: NativeConnection, overrides: Partial<WorkerOptions>) => Promise<Worker>>
> = {
  ours: (connection, overrides) => createWorker(loadConfig(), connection, createScrubber(), overrides),
  empty: (connection, overrides) =>
    Worker.create({
      connection,
      taskQueue: process.env.TASK_QUEUE ?? '',
      activities: { doNothing: () => Promise.resolve() },
      ...overrides,
    }),
};

if (process.argv[1] === THIS_FILE) await runWorker(process.argv[2] as Make);
