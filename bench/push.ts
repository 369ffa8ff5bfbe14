import { ingestionClient } from '@algolia/ingestion';
import { Client, Connection } from '@temporalio/client';
import { fork, spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from '../scripts/build.ts';
import { startTemporalServer, type TemporalServer } from '../scripts/temporal-server.ts';
import { pushRecords, type PushRecordsInput, type PushRecordsResult } from '../src/workflows/push-records.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SERVER = fileURLToPath(new URL('./push-server.ts', import.meta.url));
const BATCH = 1_000;
const LATENCIES_MS = [0, 50, 200];
/** So many that what a workflow costs at its beginning and end doesn't count. */
const RECORDS = 100_000;
const LARGE_RECORDS = 1_000_000;
const ROUNDS = 3;
const WARM_UP_FILE = 'warm-up.ndjson';
const WARM_UP_RECORDS = 20_000;

/** About 1 KB in JSON. */
const makeRecord = (n: number) => ({
  objectID: `product-${n}`,
  title: `Product ${n}`,
  price: n % 997,
  tags: ['one', 'two', 'three'],
  description: 'Lorem ipsum dolor sit amet, consectetur adipiscing elit. '.repeat(15),
});

/**
 * Records per second of `pushRecords` on a worker, from a file to the last event read, against the official client's
 * `chunkedPush` with the same records in memory and no event read. Worker, server and official client are processes of
 * their own, the worker as it is built; rounds are interleaved.
 */
export async function benchPush(): Promise<void> {
  const bench = await startBench();
  try {
    await bench.write('records.ndjson', RECORDS);
    await bench.write(WARM_UP_FILE, WARM_UP_RECORDS);
    const rows: Record<string, Record<string, string>> = {};
    for (const latencyMs of LATENCIES_MS) rows[`${latencyMs} ms latency`] = await compare(bench, latencyMs);
    console.log(
      `\nPush of ${RECORDS} records of 1 KB: records/s of the official chunkedPush, and times that of pushRecords`,
    );
    console.table(rows);
  } finally {
    await bench.stop();
  }
}

/** The worker's memory and the workflow's history over a file of about 1 GB. */
export async function benchLargePush(): Promise<void> {
  const bench = await startBench();
  try {
    const bytes = await bench.write('large.ndjson', LARGE_RECORDS);
    await bench.write(WARM_UP_FILE, WARM_UP_RECORDS);
    const rows: Record<string, Record<string, string>> = {};
    for (const verify of ['none', 'everyEvent'] as const) {
      const { result, peakMb, history } = await bench.push(0, { maxParallel: 8, verify }, 'large.ndjson');
      rows[verify === 'none' ? 'no event read' : 'every event read'] = {
        'records/s': perSecond(LARGE_RECORDS, result.durationMs),
        'MB/s': (bytes / 1e6 / (result.durationMs / 1_000)).toFixed(0),
        'peak RSS of the worker': `${peakMb} MB`,
        'history events': String(history),
      };
    }
    console.log(`\nPush of ${LARGE_RECORDS} records, ${(bytes / 1e9).toFixed(2)} GB, 8 batches at a time`);
    console.table(rows);
  } finally {
    await bench.stop();
  }
}

async function compare(bench: Bench, latencyMs: number): Promise<Record<string, string>> {
  const variants: Record<string, Partial<PushRecordsInput>> = {
    '1 at a time': { maxParallel: 1, verify: 'none' },
    '1, events read': { maxParallel: 1 },
    '4, events read': { maxParallel: 4 },
    '8, events read': { maxParallel: 8 },
    '16, events read': { maxParallel: 16 },
  };
  const official: number[] = [];
  const ours: Record<string, number[]> = {};
  for (let round = 0; round < ROUNDS; round += 1) {
    official.push(await bench.pushOfficially(latencyMs));
    for (const [name, options] of Object.entries(variants))
      (ours[name] ??= []).push((await bench.push(latencyMs, options, 'records.ndjson')).wallMs);
  }
  const officialMs = median(official);
  return {
    official: perSecond(RECORDS, officialMs),
    ...Object.fromEntries(
      Object.entries(ours).map(([name, ms]) => [name, `${(officialMs / median(ms)).toFixed(1)} ×`]),
    ),
  };
}

interface Pushed {
  readonly result: PushRecordsResult;
  /** As the caller of the workflow sees it. */
  readonly wallMs: number;
  readonly peakMb: number;
  readonly history: number;
}

interface Bench {
  write(name: string, count: number): Promise<number>;
  pushOfficially(latencyMs: number): Promise<number>;
  push(latencyMs: number, options: Partial<PushRecordsInput>, file: string): Promise<Pushed>;
  stop(): Promise<void>;
}

async function startBench(): Promise<Bench> {
  await build(join(ROOT, 'dist'));
  const directory = await mkdtemp(join(tmpdir(), 'bench-push-'));
  const temporal = await startTemporalServer({ ui: false });
  const connection = await Connection.connect({ address: temporal.address });
  const client = new Client({ connection, namespace: temporal.namespace });
  let objects: ReturnType<typeof makeRecord>[] | undefined;
  return {
    async write(name, count) {
      const file = createWriteStream(join(directory, name));
      for (let n = 0; n < count; n += 1)
        if (!file.write(`${JSON.stringify(makeRecord(n))}\n`)) await once(file, 'drain');
      file.end();
      await once(file, 'close');
      return (await stat(join(directory, name))).size;
    },
    async pushOfficially(latencyMs) {
      const { port, stop } = await startPushServer(latencyMs);
      const hosts = [{ url: `127.0.0.1:${port}`, protocol: 'http', accept: 'readWrite' }] as const;
      const official = ingestionClient('APP', 'key', 'us', { hosts: [...hosts] });
      objects ??= Array.from({ length: RECORDS }, (_, n) => makeRecord(n));
      try {
        const startedAt = performance.now();
        await official.chunkedPush({ indexName: 'products', objects, batchSize: BATCH });
        return performance.now() - startedAt;
      } finally {
        await stop();
      }
    },
    async push(latencyMs, options, file) {
      const { port, stop } = await startPushServer(latencyMs);
      const worker = await startWorker(temporal, port, directory, client);
      try {
        const workflowId = randomUUID();
        const input: PushRecordsInput = {
          indexName: 'products',
          action: 'addObject',
          recordsRef: { uri: `file:${file}` },
          ...options,
        };
        const startedAt = performance.now();
        const result = await client.workflow.execute(pushRecords, {
          taskQueue: worker.taskQueue,
          workflowId,
          args: [input],
        });
        const wallMs = performance.now() - startedAt;
        const { historyLength } = await client.workflow.getHandle(workflowId).describe();
        return { result, wallMs, peakMb: await peakMbOf(worker.process), history: historyLength };
      } finally {
        await worker.stop();
        await stop();
      }
    },
    async stop() {
      await connection.close();
      await temporal.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function startPushServer(latencyMs: number): Promise<{ port: number; stop: () => Promise<void> }> {
  const server = fork(SERVER, [String(latencyMs)]);
  const [port] = (await once(server, 'message')) as [number];
  return { port, stop: () => end(server) };
}

/** Started and polling, as it is when somebody pushes. */
async function startWorker(temporal: TemporalServer, port: number, directory: string, client: Client) {
  const taskQueue = `bench-${randomUUID()}`;
  const url = `http://127.0.0.1:${port}`;
  const { PATH = '', HOME = '' } = process.env;
  const worker = spawn(process.execPath, ['dist/worker.js'], {
    cwd: ROOT,
    env: {
      PATH,
      HOME,
      TEMPORAL_ADDRESS: temporal.address,
      TEMPORAL_NAMESPACE: temporal.namespace,
      TASK_QUEUE: taskQueue,
      ALGOLIA_APPLICATION_ID: 'APP',
      ALGOLIA_API_KEY: 'a-key-for-the-bench',
      ALGOLIA_INGESTION_URL: url,
      ALGOLIA_SEARCH_URL: url,
      RECORDS_DIR: directory,
      LOG_LEVEL: 'error',
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const died = once(worker, 'exit').then(([code]) => {
    throw new Error(`the worker ended with ${String(code)} before it had pushed anything`);
  });
  died.catch(() => undefined);
  // As warm as a worker is that has been at work for a while, and as the official client is after a round.
  const warmUp = client.workflow.execute(pushRecords, {
    taskQueue,
    workflowId: randomUUID(),
    args: [{ indexName: 'products', action: 'addObject', recordsRef: { uri: `file:${WARM_UP_FILE}` } }],
  });
  await Promise.race([warmUp, died]);
  return { process: worker, taskQueue, stop: () => end(worker) };
}

async function end(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

async function peakMbOf(child: ChildProcess): Promise<number> {
  const status = await readFile(`/proc/${child.pid}/status`, 'utf8').catch(() => '');
  return Math.round(Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? NaN) / 1_024);
}

const perSecond = (records: number, ms: number) => Math.round(records / (ms / 1_000)).toLocaleString('en');
const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
