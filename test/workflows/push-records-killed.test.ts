import { Client, Connection } from '@temporalio/client';
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, inject, test } from 'vitest';
import { startSimulator, type Simulator } from '../../simulator/index.ts';
import { createDataConverter } from '../../src/codec/data-converter.ts';
import { loadConfig } from '../../src/config.ts';
import { pushRecords, pushRecordsStatus } from '../../src/workflows/push-records.ts';
import { pause, resume } from '../../src/workflows/steps/pace-signals.ts';
import { makePushConnector } from '../setup/indices.ts';
import { pushedBatches, type PushedBatch } from '../setup/pushed-batches.ts';
import { makeRecordsDirectory, type RecordsDirectory } from '../setup/records-directory.ts';
import { spawnWorker, type SpawnedWorker } from '../setup/spawn-worker.ts';
import { startTestWorker, workerEnvironment } from '../setup/start-worker.ts';

/** By hand also with `PUSH_RECORDS=200000 PUSH_KILLS=10`. */
const RECORDS = Number(process.env.PUSH_RECORDS ?? 20_000);
const KILLS = Number(process.env.PUSH_KILLS ?? 2);
const BATCH = RECORDS / 400;
const MAX_PARALLEL = 4;
/** What was under way at the last commit, and what may be sent until the next. */
const WINDOW = MAX_PARALLEL + 8;

const { address, namespace } = inject('temporal');
const taskQueue = `killed-${randomUUID()}`;
let simulator: Simulator;
let files: RecordsDirectory;
let connection: Connection;
let worker: SpawnedWorker | undefined;

beforeAll(async () => {
  [simulator, files, connection] = await Promise.all([
    startSimulator({ pushMs: 100, quotas: false }),
    makeRecordsDirectory(),
    Connection.connect({ address }),
  ]);
});

afterEach(async () => {
  await worker?.end('SIGKILL');
});
afterAll(async () => {
  await Promise.all([simulator.stop(), files.remove(), connection.close()]);
});

/** The batches that were sent again although they had been sent long before the worker was killed. */
function repeatedEarly(sent: readonly PushedBatch[], sentAtKills: readonly number[]): string[] {
  const lastSent = new Map<string, number>();
  return sent.flatMap(({ first }, place) => {
    const before = lastSent.get(first);
    lastSent.set(first, place);
    const wasUnderWay = sentAtKills.some((kill) => before !== undefined && before < kill && before >= kill - WINDOW);
    return before === undefined || wasUnderWay ? [] : [first];
  });
}

test(
  'a worker that is killed again and again loses no record, and repeats none but those of the last window',
  async () => {
    const indexName = 'killed';
    await makePushConnector(simulator, indexName);
    // So long that every kill meets it at work.
    await simulator.control('POST /faults', { operation: 'push', kind: 'slow', ms: 50, times: -1 });
    const records = Array.from({ length: RECORDS }, (_, n) => ({ objectID: `p${n}`, title: `Product ${n}` }));
    const recordsRef = await files.write(records);
    const startWorker = () => spawnWorker({ ...workerEnvironment(simulator, taskQueue), RECORDS_DIR: files.path });
    worker = startWorker();
    const client = new Client({ connection, namespace });
    const handle = await client.workflow.start(pushRecords, {
      taskQueue,
      workflowId: randomUUID(),
      args: [{ indexName, action: 'addObject', recordsRef, batch: { maxRecords: BATCH }, maxParallel: MAX_PARALLEL }],
    });
    const sent = () => pushedBatches(simulator, indexName);
    const distinct = () => new Set(sent().map(({ first }) => first)).size;

    const sentAtKills: number[] = [];
    for (let kill = 1; kill <= KILLS; kill += 1) {
      const enough = Math.floor((400 * kill) / (KILLS + 1));
      while (distinct() < enough) await delay(10);
      await worker.end('SIGKILL');
      sentAtKills.push(sent().length);
      worker = startWorker();
    }
    const result = await handle.result();

    expect(simulator.world.indices.get(indexName)?.records.size).toBe(RECORDS);
    expect(result).toMatchObject({ pushed: RECORDS, verified: RECORDS, failed: 0, batches: 400, complete: true });
    const repeats = sent().length - distinct();
    expect(repeatedEarly(sent(), sentAtKills)).toEqual([]);
    expect(repeats).toBeLessThanOrEqual(KILLS * WINDOW);
    const { historyLength } = await handle.describe();
    if (process.env.PUSH_KILLS) console.log({ KILLS, repeats, historyLength, ...result });
    expect(historyLength).toBeLessThan(200);
  },
  30_000 + KILLS * 30_000 + RECORDS / 2,
);

/** Pushes that many records, ten at a time, on a task queue of its own, once a worker is started. */
async function startPush(indexName: string, count: number) {
  await makePushConnector(simulator, indexName);
  const recordsRef = await files.write(Array.from({ length: count }, (_, n) => ({ objectID: `p${n}` })));
  const ownQueue = `${taskQueue}-${indexName}`;
  const environment = { ...workerEnvironment(simulator, ownQueue), RECORDS_DIR: files.path };
  const handle = await new Client({ connection, namespace }).workflow.start(pushRecords, {
    taskQueue: ownQueue,
    workflowId: randomUUID(),
    args: [{ indexName, action: 'addObject', recordsRef, batch: { maxRecords: 10 }, maxParallel: MAX_PARALLEL }],
  });
  return {
    handle,
    sent: () => pushedBatches(simulator, indexName),
    startWorker: () => spawnWorker(environment),
    queue: ownQueue,
  };
}

test('a worker that is told to stop finishes what it has begun, and the next one repeats nothing', async () => {
  const { handle, sent, startWorker } = await startPush('stopped', 3_000);
  worker = startWorker();
  for (const enough of [50, 150]) {
    while (sent().length < enough) await delay(10);
    expect(await worker.end('SIGTERM')).toBe(0);
    worker = startWorker();
  }
  expect(await handle.result()).toMatchObject({ pushed: 3_000, verified: 3_000, batches: 300, repeated: 0 });
  expect(sent()).toHaveLength(300);
});

test('paused while its worker is gone, it goes on where that one had come to', async () => {
  const indexName = 'paused';
  await makePushConnector(simulator, indexName);
  const records = Array.from({ length: 5_000 }, (_, n) => ({ objectID: `p${n}` }));
  const recordsRef = await files.write(records);
  const codecKeys = `k1:${Buffer.alloc(32, 7).toString('base64')}`;
  const pausedQueue = `${taskQueue}-paused`;
  const environment = { ...workerEnvironment(simulator, pausedQueue), RECORDS_DIR: files.path };
  const startWorker = () => spawnWorker({ ...environment, TEMPORAL_CODEC_KEYS: codecKeys });
  worker = startWorker();
  const { codecKeys: keys } = loadConfig({ ...environment, TEMPORAL_CODEC_KEYS: codecKeys });
  const client = new Client({ connection, namespace, dataConverter: createDataConverter(keys) });
  const handle = await client.workflow.start(pushRecords, {
    taskQueue: pausedQueue,
    workflowId: randomUUID(),
    args: [{ indexName, action: 'addObject', recordsRef, batch: { maxRecords: 10 }, maxParallel: MAX_PARALLEL }],
  });
  const sent = () => pushedBatches(simulator, indexName);
  while (sent().length < 100) await delay(10);
  await worker.end('SIGKILL');
  const sentAtKill = sent().length;
  await handle.signal(pause);
  worker = startWorker();
  const pushed = async () => (await handle.query(pushRecordsStatus)).pushed ?? 0;
  await expect.poll(pushed, { timeout: 150_000, interval: 500 }).toBeGreaterThan((sentAtKill - WINDOW) * 10 - 1);
  await handle.signal(resume);
  expect(await handle.result()).toMatchObject({ pushed: 5_000, verified: 5_000, complete: true });
  expect(repeatedEarly(sent(), [sentAtKill])).toEqual([]);
  expect(simulator.world.indices.get(indexName)?.records.size).toBe(5_000);
});

test('cancelled while its slice waits for another worker, it says how far it had come', async () => {
  const { handle, sent, startWorker, queue } = await startPush('waiting', 5_000);
  worker = startWorker();
  while (sent().length < 100) await delay(10);
  await worker.end('SIGKILL');
  const sentAtKill = sent().length;
  const attempt = async () => (await handle.describe()).raw.pendingActivities?.[0]?.attempt;
  await expect.poll(attempt, { timeout: 150_000, interval: 200 }).toBe(2);
  await handle.cancel();
  const { stop } = await startTestWorker({
    simulator,
    environment: { TASK_QUEUE: queue },
    overrides: { enableNonLocalActivities: false },
  });
  await expect(handle.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
  await stop();
  const pushed = expect.toSatisfy((count: number) => count >= (sentAtKill - WINDOW) * 10);
  expect((await handle.describe()).memo).toMatchObject({ pushed });
});

test('cancelled, and its worker killed before it has ended what is under way, it says how far it had come', async () => {
  const { handle, sent, startWorker } = await startPush('dying', 5_000);
  worker = startWorker();
  while (sent().length < 100) await delay(10);
  await simulator.control('POST /faults', { operation: 'push', kind: 'hang', times: -1 });
  await handle.cancel();
  const isAskedToEnd = async () =>
    (await handle.fetchHistory()).events?.some((event) => event.activityTaskCancelRequestedEventAttributes) ?? false;
  await expect.poll(isAskedToEnd, { timeout: 150_000 }).toBe(true);
  await worker.end('SIGKILL');
  await simulator.control('DELETE /faults');
  worker = startWorker();
  await expect(handle.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
  const { memo } = await handle.describe();
  expect(memo).toMatchObject({ pushed: expect.toSatisfy((pushed: number) => pushed > 0) });
});
