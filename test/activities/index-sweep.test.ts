import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { startSimulator, type Simulator } from '../../simulator/index.ts';
import type { Activities } from '../../src/activities/index.ts';
import { replaceLockID, temporaryIndexName } from '../../src/activities/replace-names.ts';
import { makeIndex } from '../setup/indices.ts';
import { startTestWorker, type TestWorker } from '../setup/start-worker.ts';

let simulator: Simulator;
let worker: TestWorker;

beforeAll(async () => {
  simulator = await startSimulator();
  worker = await startTestWorker({ simulator });
});
beforeEach(() => simulator.control('POST /reset'));
afterAll(async () => {
  await worker.stop();
  await simulator.stop();
});

const run = <N extends 'sweepTemporaryIndices' | 'awaitReplaceEnd'>(
  name: N,
  input: Parameters<Activities[N]>[0],
): ReturnType<Activities[N]> =>
  worker.client.activity.execute(name, {
    id: randomUUID(),
    taskQueue: worker.taskQueue,
    args: [input],
    startToCloseTimeout: '30s',
    heartbeatTimeout: '5s',
    retry: { maximumAttempts: 1 },
  }) as ReturnType<Activities[N]>;

/** Something that holds the lock until it is terminated: no worker serves its queue. */
const holdLock = (indexName: string) =>
  worker.client.workflow.start('replaceAllRecords', {
    workflowId: replaceLockID(simulator.applicationId, indexName),
    taskQueue: `nobody-${randomUUID()}`,
  });

const names = () => simulator.world.indices.values().map(({ name }) => name);

test('finds what replaces have left behind, and nothing of the user', async () => {
  const leftover = temporaryIndexName('products', 'gone');
  for (const name of ['products', leftover, 'logs_tmp_20261124']) makeIndex(simulator, name, { count: 2 });
  const swept = await run('sweepTemporaryIndices', { olderThanMs: 0, delete: false });
  expect(swept).toEqual([
    {
      indexName: leftover,
      of: 'products',
      records: 2,
      changedAt: expect.any(String),
      state: 'leftover',
      workflowID: 'algolia-replace/DEMOAPP/products',
    },
  ]);
  expect(names()).toHaveLength(3);
});

test('deletes it when told to', async () => {
  const leftover = temporaryIndexName('products', 'gone');
  for (const name of ['products', leftover]) makeIndex(simulator, name, { count: 2 });
  const swept = await run('sweepTemporaryIndices', { olderThanMs: 0, delete: true });
  expect(swept).toMatchObject([{ indexName: leftover, state: 'deleted' }]);
  expect(names()).toEqual(['products']);
});

test('leaves alone what has changed of late', async () => {
  makeIndex(simulator, temporaryIndexName('products', 'elsewhere'), { count: 2 });
  const swept = await run('sweepTemporaryIndices', { olderThanMs: 3_600_000, delete: true });
  expect(swept).toMatchObject([{ state: 'young' }]);
  expect(names()).toHaveLength(1);
});

test('leaves alone what a replace is filling', async () => {
  const indexName = `products-${randomUUID()}`;
  makeIndex(simulator, temporaryIndexName(indexName, 'running'), { count: 2 });
  const lock = await holdLock(indexName);
  try {
    const swept = await run('sweepTemporaryIndices', { olderThanMs: 0, delete: true });
    expect(swept).toMatchObject([{ state: 'inUse', workflowID: lock.workflowId }]);
    expect(names()).toHaveLength(1);
  } finally {
    await lock.terminate();
  }
});

test('pages through a thousand indices and more', async () => {
  for (let place = 0; place < 1_001; place += 1) makeIndex(simulator, `index-${place}`, { count: 0 });
  makeIndex(simulator, temporaryIndexName('products', 'gone'), { count: 2 });
  expect(await run('sweepTemporaryIndices', { olderThanMs: 0, delete: false })).toHaveLength(1);
});

test('waits for the end of a replace, however it ends', async () => {
  const lock = await holdLock(`products-${randomUUID()}`);
  const input = { workflowID: lock.workflowId };
  expect(await run('awaitReplaceEnd', { ...input, waitMs: 100 })).toEqual({ ended: false });
  const waiting = run('awaitReplaceEnd', { ...input, waitMs: 20_000 });
  await lock.terminate();
  expect(await waiting).toEqual({ ended: true });
});

test('a replace that never was has ended', async () => {
  expect(await run('awaitReplaceEnd', { workflowID: `none-${randomUUID()}`, waitMs: 1_000 })).toEqual({ ended: true });
});
