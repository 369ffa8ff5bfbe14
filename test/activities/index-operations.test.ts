import type { ActivityExecutionFailedError } from '@temporalio/client';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { startSimulator, type Simulator } from '../../simulator/index.ts';
import type { Activities } from '../../src/activities/index.ts';
import { makeIndex, seeIndex } from '../setup/indices.ts';
import { startTestWorker, type TestWorker } from '../setup/start-worker.ts';

let simulator: Simulator;
let worker: TestWorker;

beforeAll(async () => {
  simulator = await startSimulator({ indexTaskMs: 300 });
  worker = await startTestWorker({ simulator });
});
beforeEach(() => simulator.control('POST /reset'));
afterAll(async () => {
  await worker.stop();
  await simulator.stop();
});

type Name =
  | 'countRecords'
  | 'awaitRecords'
  | 'inspectReplace'
  | 'copyIndexScopes'
  | 'moveIndex'
  | 'deleteIndex'
  | 'awaitIndexTask';

const run = <N extends Name>(name: N, input: Parameters<Activities[N]>[0]): ReturnType<Activities[N]> =>
  worker.client.activity.execute(name, {
    id: randomUUID(),
    taskQueue: worker.taskQueue,
    args: [input],
    startToCloseTimeout: '30s',
    retry: { initialInterval: '100ms', maximumAttempts: 4 },
  }) as ReturnType<Activities[N]>;

async function failureOf(work: Promise<unknown>) {
  const error = await work.then(
    () => expect.unreachable('it should have failed'),
    (reason: unknown) => reason as ActivityExecutionFailedError,
  );
  return error.cause as Error & { type?: string };
}

const fault = (operation: string, kind: string, more: object = {}) =>
  simulator.control('POST /faults', { operation, kind, ...more });
const requestsOf = async (operation: string) =>
  (await simulator.control<{ requests: { body: unknown }[] }>(`GET /requests?operation=${operation}`)).requests;

test('counts all records, whatever the settings and rules of the index make of a search', async () => {
  makeIndex(simulator, 'products', { count: 7 });
  expect(await run('countRecords', { indexName: 'products' })).toEqual({ exists: true, records: 7 });
  expect((await requestsOf('searchSingleIndex'))[0]?.body).toMatchObject({ distinct: false, enableRules: false });
});

test('an index that is not there holds nothing', async () => {
  expect(await run('countRecords', { indexName: 'nowhere' })).toEqual({ exists: false, records: 0 });
});

test('waits until the records are there', async () => {
  makeIndex(simulator, 'products', { count: 1 });
  setTimeout(() => makeIndex(simulator, 'products', { count: 5 }), 600);
  const counted = await run('awaitRecords', { indexName: 'products', expected: 5, settledMs: 10_000, waitMs: 20_000 });
  expect(counted).toEqual({ exists: true, records: 5 });
});

test('believes another number once it has stood still', async () => {
  makeIndex(simulator, 'products', { count: 3 });
  const counted = await run('awaitRecords', { indexName: 'products', expected: 5, settledMs: 400, waitMs: 20_000 });
  expect(counted).toEqual({ exists: true, records: 3 });
});

test('copies settings and no records, also when the first answer is lost', async () => {
  makeIndex(simulator, 'products', { count: 3, settings: { hitsPerPage: 7 } });
  await fault('operationIndex', 'loseAnswer');
  const task = await run('copyIndexScopes', { indexName: 'products', destination: 'copy', scopes: ['settings'] });
  expect(task.indexName).toBe('copy');
  expect(await run('awaitIndexTask', { ...task, waitMs: 5_000 })).toEqual({ published: true });
  expect(await seeIndex(simulator, 'copy')).toMatchObject({ count: 0, settings: { hitsPerPage: 7 } });
  expect(await requestsOf('operationIndex')).toHaveLength(2);
});

test('says that a task is not published when the time is over', async () => {
  await simulator.control('POST /clock', { indexTaskMs: 60_000 });
  const task = await run('deleteIndex', { indexName: 'products' });
  expect(await run('awaitIndexTask', { ...task, waitMs: 300 })).toEqual({ published: false });
});

test('moves an index over another', async () => {
  makeIndex(simulator, 'products', { count: 3 });
  makeIndex(simulator, 'fresh', { count: 5, title: 'new' });
  const task = await run('moveIndex', { indexName: 'fresh', destination: 'products' });
  await run('awaitIndexTask', { ...task, waitMs: 5_000 });
  expect(await seeIndex(simulator, 'products')).toMatchObject({ count: 5 });
  expect(await seeIndex(simulator, 'fresh')).toBeUndefined();
});

test.each(['loseAnswer', 'reset'])(
  'sends a move once, and says when nobody knows what became of it (%s)',
  async (kind) => {
    await fault('operationIndex', kind, { times: -1 });
    const failure = await failureOf(run('moveIndex', { indexName: 'fresh', destination: 'products' }));
    expect(failure.type).toBe('AlgoliaAmbiguous');
    expect(await requestsOf('operationIndex')).toHaveLength(1);
  },
);

test('sends a move again that was told to come later', async () => {
  makeIndex(simulator, 'fresh', { count: 5 });
  await fault('operationIndex', 'status', { status: 429 });
  await run('moveIndex', { indexName: 'fresh', destination: 'products' });
  expect(await requestsOf('operationIndex')).toHaveLength(2);
});

test('deletes an index, and is content if there is none', async () => {
  makeIndex(simulator, 'products', { count: 3 });
  for (const indexName of ['products', 'products'])
    expect(await run('awaitIndexTask', { ...(await run('deleteIndex', { indexName })), waitMs: 5_000 })).toEqual({
      published: true,
    });
  expect(await seeIndex(simulator, 'products')).toBeUndefined();
});

test('names the temporary index and looks at both', async () => {
  makeIndex(simulator, 'products', { count: 3 });
  const inspection = await run('inspectReplace', { indexName: 'products', runID: 'run' });
  expect(inspection).toEqual({
    temporaryIndex: expect.stringMatching(/^products_tmp_[0-9a-f]{8}$/),
    current: { exists: true, records: 3 },
    leftover: { exists: false, records: 0 },
  });
});

test.each<[Name, object, string]>([
  ['countRecords', {}, 'search'],
  ['copyIndexScopes', { destination: 'copy', scopes: ['settings'] }, 'addObject'],
  ['moveIndex', { destination: 'copy' }, 'addObject'],
  ['deleteIndex', {}, 'deleteIndex'],
])('%s says which ACL the key lacks', async (name, more, acl) => {
  const { keys } = simulator.world;
  const key = keys.get(simulator.apiKey);
  if (!key) throw new Error('the simulator has no key');
  keys.replace({ ...key, acl: key.acl.filter((right) => right !== acl) });
  const failure = await failureOf(run(name, { indexName: 'products', ...more } as never));
  expect(failure.type).toBe('AlgoliaAuth');
  expect(failure.message).toContain(`needs a key that has the ACL '${acl}' and may use the index 'products'`);
  expect(failure.message).not.toContain(simulator.apiKey);
});
