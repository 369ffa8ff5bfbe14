import type { WorkflowHandle } from '@temporalio/client';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startSimulator, type Simulator } from '../../simulator/index.ts';
import { callOperation, type CallOperationInput } from '../../src/workflows/call-operation.ts';
import { makeConnector } from '../setup/connector.ts';
import { startTestWorker, type TestWorker } from '../setup/start-worker.ts';

let simulator: Simulator;
let worker: TestWorker;

beforeAll(async () => {
  simulator = await startSimulator({ runSpeed: 20 });
  worker = await startTestWorker({ simulator });
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
});
