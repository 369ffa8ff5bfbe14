import { ingestionClient } from '@algolia/ingestion';
import { Client, Connection } from '@temporalio/client';
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from '../scripts/build.ts';
import { startTemporalServer, type TemporalServer } from '../scripts/temporal-server.ts';
import { pushRecords, type PushRecordsInput, type PushRecordsResult } from '../src/workflows/push-records.ts';
import { endProcess } from './end-process.ts';
import { peakMb } from './process-memory.ts';
import { forkServer } from './server-process.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SERVER = fileURLToPath(new URL('./push-server.ts', import.meta.url));
const BATCH = 1_000;
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

interface Pushed {
  readonly result: PushRecordsResult;
  /** As the caller of the workflow sees it. */
  readonly wallMs: number;
  readonly peakMb: number;
  readonly history: number;
}

export interface PushStage {
  /** Writes a file of records; returns its size. */
  write(name: string, count: number): Promise<number>;
  /** Returns how long it took, in ms. */
  pushOfficially(latencyMs: number, count: number): Promise<number>;
  push(latencyMs: number, options: Partial<PushRecordsInput>, file: string): Promise<Pushed>;
  stop(): Promise<void>;
}

/** A built worker, the official client and the records, for as many pushes as are wanted. */
export async function setPushStage(): Promise<PushStage> {
  await build(join(ROOT, 'dist'));
  const directory = await mkdtemp(join(tmpdir(), 'bench-push-'));
  const temporal = await startTemporalServer({ ui: false });
  const connection = await Connection.connect({ address: temporal.address });
  const client = new Client({ connection, namespace: temporal.namespace });
  await writeRecords(join(directory, WARM_UP_FILE), WARM_UP_RECORDS);
  return {
    write: (name, count) => writeRecords(join(directory, name), count),
    async pushOfficially(latencyMs, count) {
      const server = await forkServer(SERVER, [String(latencyMs)]);
      const hosts = [{ url: new URL(server.url).host, protocol: 'http', accept: 'readWrite' }] as const;
      const official = ingestionClient('APP', 'key', 'us', { hosts: [...hosts] });
      const objects = Array.from({ length: count }, (_, n) => makeRecord(n));
      try {
        const startedAt = performance.now();
        await official.chunkedPush({ indexName: 'products', objects, batchSize: BATCH });
        return performance.now() - startedAt;
      } finally {
        await server.stop();
      }
    },
    async push(latencyMs, options, file) {
      const server = await forkServer(SERVER, [String(latencyMs)]);
      const worker = await startWorker(temporal, server.url, directory, client);
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
        return { result, wallMs, peakMb: Math.round(peakMb(worker.process.pid)), history: historyLength };
      } finally {
        await worker.stop();
        await server.stop();
      }
    },
    async stop() {
      await connection.close();
      await temporal.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function writeRecords(path: string, count: number): Promise<number> {
  const file = createWriteStream(path);
  for (let n = 0; n < count; n += 1) if (!file.write(`${JSON.stringify(makeRecord(n))}\n`)) await once(file, 'drain');
  file.end();
  await once(file, 'close');
  return (await stat(path)).size;
}

/** Started and polling, as it is when somebody pushes. */
async function startWorker(temporal: TemporalServer, url: string, directory: string, client: Client) {
  const taskQueue = `bench-${randomUUID()}`;
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
  return { process: worker, taskQueue, stop: () => endProcess(worker) };
}
