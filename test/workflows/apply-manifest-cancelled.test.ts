import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Simulator } from '../../simulator/index.ts';
import { applyManifest, applyManifestId, applyManifestStatus } from '../../src/workflows/apply-manifest.ts';
import { callAlgolia } from '../setup/connector.ts';
import { cancellationArrived } from '../setup/cancellation-arrived.ts';
import { answer, failureOf } from '../setup/decide.ts';
import { hold } from '../setup/hold.ts';
import { startApplication } from '../setup/manifests.ts';
import { startTestWorker, type TestWorker } from '../setup/start-worker.ts';

const destination = (name: string, indexName = name) => ({ name, type: 'search', input: { indexName } });
/** Of what is there `kept` is changed and `gone` deleted, and `made` is new. */
const THERE = { kept: 'kept', gone: 'gone' };
const MANIFEST = { destinations: [destination('made'), destination('kept', 'other')] };
const STEPS = ['create destination made', 'update destination kept', 'delete destination gone'];

let simulator: Simulator;
let worker: TestWorker;

beforeEach(async () => {
  simulator = await startApplication();
  worker = await startTestWorker({ simulator });
  for (const name of Object.keys(THERE)) await callAlgolia(simulator, 'POST /1/destinations', destination(name));
});
afterEach(async () => {
  await worker.stop();
  await simulator.stop();
});

/** The index of every destination, by its name. */
const there = () =>
  Object.fromEntries(
    simulator.world.destinations.values().map(({ name, input }) => [name, (input as { indexName: string }).indexName]),
  );

const apply = async (workflowId = applyManifestId(simulator.applicationId)) => {
  const handle = await worker.client.workflow.start(applyManifest, {
    taskQueue: worker.taskQueue,
    workflowId,
    args: [{ manifest: MANIFEST, prune: true }],
  });
  const lock = worker.client.workflow.getHandle<typeof applyManifest>(applyManifestId(simulator.applicationId));
  return { handle, lock };
};

/** Cancels what is being applied while a request is under way, which takes effect whoever waits for its answer. */
async function cancelDuring(operation: string, workflowId?: string) {
  const request = hold(simulator, operation);
  const { handle, lock } = await apply(workflowId);
  await vi.waitFor(() => lock.describe(), { timeout: 150_000 });
  await answer(lock, 'approve');
  await request.met();
  await handle.cancel();
  await cancellationArrived(lock);
  request.release();
  expect((await failureOf(handle)).name).toBe('CancelledFailure');
  return lock;
}

const CASES = [
  { operation: 'createDestination', made: 0, left: THERE, again: 'applied' },
  { operation: 'updateDestination', made: 2, left: { kept: 'other', gone: 'gone', made: 'made' }, again: 'applied' },
  { operation: 'deleteDestination', made: 3, left: { kept: 'other', made: 'made' }, again: 'unchanged' },
];

test.for(CASES)(
  'cancelled during a $operation it tells what was made, which is what is there, and can be applied again',
  async ({ operation, made, left, again }) => {
    const lock = await cancelDuring(operation);
    expect(there()).toEqual(left);
    const status = await lock.query(applyManifestStatus);
    expect(status).toMatchObject({ step: 'stopped, because: cancelled', done: made, notMade: STEPS.slice(made) });
    const inWords = (status.made ?? []).map(({ change, kind, name }) => `${change} ${kind} ${name}`);
    expect(inWords).toEqual(STEPS.slice(0, made));
    const { memo, status: closed } = await lock.describe();
    expect(closed.name).toBe('CANCELLED');
    // Temporal keeps no empty list in a memo.
    expect({ made: [], notMade: [], ...memo }).toEqual({ made: status.made, notMade: status.notMade });

    const { handle } = await apply();
    if (again === 'applied') await answer(handle, 'approve');
    expect(await handle.result()).toMatchObject({ outcome: again });
    expect(there()).toEqual({ kept: 'other', made: 'made' });
  },
);

test('cancelled under another id, it cancels the one that holds the lock, and waits for its end', async () => {
  const lock = await cancelDuring('updateDestination', 'by another id');
  expect((await lock.describe()).status.name).toBe('CANCELLED');
  expect(there()).toEqual({ kept: 'other', gone: 'gone', made: 'made' });
});

test('cancelled while it looks for what it has made anew, it deletes that, and not the one of that name that was there', async () => {
  const input = { url: 'http://127.0.0.1:9/' };
  const { sourceID } = await callAlgolia(simulator, 'POST /1/sources', { name: 'feed', type: 'json', input });
  await simulator.control('POST /sources/csv/records', { records: [{ objectID: '1' }] });
  await simulator.control('POST /faults', { operation: 'createSource', kind: 'loseAnswer' });
  await simulator.control('POST /faults', { operation: 'listSources', kind: 'slow', ms: 2_000, times: -1 });
  const handle = await worker.client.workflow.start(applyManifest, {
    taskQueue: worker.taskQueue,
    workflowId: applyManifestId(simulator.applicationId),
    args: [{ manifest: { sources: [{ name: 'feed', type: 'csv', input }] }, prune: true }],
  });
  await answer(handle, 'approve');
  const sources = () => simulator.world.sources.values().map((source) => source.sourceID);
  await vi.waitFor(() => expect(sources()).toHaveLength(2), { timeout: 150_000, interval: 20 });
  await handle.cancel();
  expect((await failureOf(handle)).name).toBe('CancelledFailure');
  expect(sources()).toEqual([sourceID]);
});

test("cancelled during a create that can't be undone, it names what is left", async () => {
  await simulator.control('POST /faults', { operation: 'deleteDestination', kind: 'status', status: 400, times: -1 });
  const lock = await cancelDuring('createDestination');
  const made = simulator.world.destinations.values().find(({ name }) => name === 'made');
  const left = expect.stringContaining(`destination ${made?.destinationID}: deleteDestination: answered 400`);
  expect(await lock.query(applyManifestStatus)).toMatchObject({ done: 0, notMade: STEPS, leftBehind: [left] });
  expect((await lock.describe()).memo).toMatchObject({ notMade: STEPS, leftBehind: [left] });
});
