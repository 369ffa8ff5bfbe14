import type { WorkflowHandle } from '@temporalio/client';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startSimulator, type Simulator } from '../../simulator/index.ts';
import { callOperation, callOperationStatus, type CallOperationInput } from '../../src/workflows/call-operation.ts';
import { makeConnector } from '../setup/connector.ts';
import { startTestWorker, type TestWorker } from '../setup/start-worker.ts';

const NEXT_KEY = 'the-next-key-of-all';

let simulator: Simulator;
let worker: TestWorker;

beforeAll(async () => {
  // A key ring of its own: one test switches the key.
  simulator = await startSimulator({ runSpeed: 20, applicationId: `CALL${randomUUID().slice(0, 8)}` });
  worker = await startTestWorker({ simulator, environment: { SECRET_NEXT_KEY: NEXT_KEY } });
});
afterAll(async () => {
  await worker.stop();
  await simulator.stop();
});

const start = (input: CallOperationInput) =>
  worker.client.workflow.start(callOperation, { taskQueue: worker.taskQueue, workflowId: randomUUID(), args: [input] });

type Failure = Error & { type?: string; cause?: Failure };
async function failureOf(handle: WorkflowHandle<typeof callOperation>): Promise<Failure> {
  const error = await handle.result().then(
    () => expect.unreachable('the workflow should have failed'),
    (reason: unknown) => reason as Error & { cause: Failure },
  );
  return error.cause.type === undefined && error.cause.cause ? error.cause.cause : error.cause;
}
const count = (operation: string) => simulator.world.requests.counts[operation] ?? 0;

test('a read answers what Algolia does', async () => {
  const { sourceID } = await makeConnector(simulator);
  const handle = await start({ operation: 'getSource', params: { sourceID } });
  expect(await handle.result()).toMatchObject({ sourceID, type: 'json' });
});

test('a second input is refused', async () => {
  const handle = await worker.client.workflow.start('callOperation', {
    taskQueue: worker.taskQueue,
    workflowId: randomUUID(),
    args: [{ operation: 'listRuns' }, { page: 2 }],
  });
  expect(await failureOf(handle)).toMatchObject({
    type: 'InvalidInput',
    message: 'input: callOperation takes one JSON object, and was given 2. Nothing was sent.',
  });
});

test('it is found by what became of it', async () => {
  const outcomeOf = async (handle: WorkflowHandle<typeof callOperation>) => {
    await handle.result().catch(() => undefined);
    return (await handle.describe()).typedSearchAttributes.get({ name: 'Outcome', type: 'KEYWORD' });
  };
  expect(await outcomeOf(await start({ operation: 'listRuns' }))).toBe('done');
  expect(await outcomeOf(await start({ operation: 'getSource', params: { sourceID: 'none' } }))).toBe('failed');
});

test('a read without arguments needs no params', async () => {
  expect(await (await start({ operation: 'listRuns' })).result()).toMatchObject({ runs: [], pagination: { page: 1 } });
});

test('a read is tried again until it is answered', async () => {
  await simulator.control('POST /faults', { operation: 'listTransformations', kind: 'reset', times: 2 });
  expect(await (await start({ operation: 'listTransformations' })).result()).toMatchObject({ transformations: [] });
  expect(count('listTransformations')).toBe(3);
});

test('a write is done once it is confirmed by its name', async () => {
  const params = { type: 'search', name: 'confirmed', input: { indexName: 'confirmed' } };
  const result = await (await start({ operation: 'createDestination', params, confirm: 'createDestination' })).result();
  expect(result).toMatchObject({ name: 'confirmed' });
});

test('chunkedPush is called too, and goes on where a refused batch stopped it', async () => {
  const { indexName } = await makeConnector(simulator, {
    source: { type: 'push', input: undefined },
    task: { action: 'append' },
  });
  await simulator.control('POST /faults', { operation: 'push', kind: 'status', status: 503, after: 1, times: 1 });
  const params = {
    indexName,
    objects: ['a', 'b', 'c'].map((objectID) => ({ objectID })),
    batchSize: 1,
    waitForTasks: true,
  };
  const before = count('push');
  const handle = await start({ operation: 'chunkedPush', params, confirm: 'chunkedPush' });
  expect(await handle.result()).toHaveLength(3);
  expect(count('push') - before).toBe(4);
  expect(await handle.query(callOperationStatus)).toEqual({ operation: 'chunkedPush', step: 'done' });
});

test('setClientApiKey is called too, with a reference, once it is confirmed', async () => {
  await simulator.control('POST /keys', { key: NEXT_KEY });
  const params = { apiKey: { $secret: 'env:SECRET_NEXT_KEY' } };
  expect((await failureOf(await start({ operation: 'setClientApiKey', params }))).type).toBe('InvalidInput');
  const handle = await start({ operation: 'setClientApiKey', params, confirm: 'setClientApiKey' });
  expect(await handle.result()).toMatchObject({ reference: 'env:SECRET_NEXT_KEY', epoch: 1 });
});

test('a write whose answer is lost fails, and is not sent again', async () => {
  const params = { type: 'search', name: 'lost', input: { indexName: 'lost' } };
  await simulator.control('POST /faults', {
    operation: 'createDestination',
    kind: 'loseAnswer',
    match: { name: 'lost' },
  });
  const failure = await failureOf(
    await start({ operation: 'createDestination', params, confirm: 'createDestination' }),
  );
  expect(failure).toMatchObject({ type: 'AlgoliaAmbiguous' });
  expect(failure.message).toMatch(/may have taken effect/);
  expect(simulator.world.destinations.values().filter(({ name }) => name === 'lost')).toHaveLength(1);
});

test.for([
  {
    input: { operation: 'disableTask', params: { taskID: 't' } },
    message: 'input.confirm: disableTask changes something: confirm it with "confirm": "disableTask"',
  },
  {
    input: { operation: 'disableTask', params: { taskID: 't' }, confirm: 'enableTask' },
    message: 'input.confirm: disableTask changes something: confirm it with "confirm": "disableTask"',
  },
  { input: { operation: 'getTask' }, message: 'input.params.taskID: expected string, but it is missing' },
  {
    input: { operation: 'getTask', params: { taskID: '..' } },
    message: "input.params.taskID: an id may not be '..'",
  },
  { input: { operation: 'getTask', params: { taskID: 't', deep: 1 } }, message: 'input.params.deep: unknown field' },
])('$input is refused before anything is sent', async ({ input, message }) => {
  const before = simulator.world.requests.list({}).at(-1)?.seq ?? 0;
  const failure = await failureOf(await start(input as never));
  expect(failure).toMatchObject({ type: 'InvalidInput', message: `${message}. Nothing was sent.` });
  expect(simulator.world.requests.list({ after: before })).toEqual([]);
});

test('an operation that does not exist is refused by naming those that do', async () => {
  const failure = await failureOf(await start({ operation: 'dropEverything' } as never));
  expect(failure).toMatchObject({
    type: 'InvalidInput',
    message: expect.stringMatching(/^input\.operation: .*listAuthentications/),
  });
  const { message } = await failureOf(await start({ operation: 'listTask' } as never));
  expect(message).toBe("input.operation: there is no operation 'listTask'. Did you mean listTasks? Nothing was sent.");
});
