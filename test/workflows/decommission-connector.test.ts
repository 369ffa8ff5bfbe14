import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startSimulator, type Simulator } from '../../simulator/index.ts';
import {
  decommissionConnector,
  decommissionConnectorStatus,
  type DecommissionConnectorInput,
} from '../../src/workflows/decommission-connector.ts';
import { callAlgolia, makeConnector } from '../setup/connector.ts';
import { answer, asked, failureOf } from '../setup/decide.ts';
import { hold } from '../setup/hold.ts';
import { startTestWorker, type TestWorker } from '../setup/start-worker.ts';
import { fastForward } from '../setup/time-skipping.ts';
import { makeTransformed, OLD_CODE } from '../setup/transformation.ts';

let simulator: Simulator;
let worker: TestWorker;

beforeAll(async () => {
  simulator = await startSimulator({ runSpeed: 20, quotas: false });
  worker = await startTestWorker({ simulator });
});
afterAll(async () => {
  await worker.stop();
  await simulator.stop();
});

const ALL = ['destination', 'source', 'authentication', 'transformation'] as const;
const decommission = (input: DecommissionConnectorInput) =>
  worker.client.workflow.start(decommissionConnector, {
    taskQueue: worker.taskQueue,
    workflowId: `decommission-${randomUUID()}`,
    args: [input],
  });
type Started = Awaited<ReturnType<typeof decommission>>;
const untilStep = (handle: Started, step: RegExp) =>
  vi.waitFor(async () => expect((await handle.query(decommissionConnectorStatus)).step).toMatch(step), {
    timeout: 150_000,
    interval: 50,
  });

type Made = Awaited<ReturnType<typeof makeWhole>>;
/** A connector with all that one can have: two authentications, a transformation that uses a third. */
async function makeWhole() {
  const authentication = async (type: string, input: object) =>
    (await callAlgolia(simulator, 'POST /1/authentications', { type, name: `${type}-${randomUUID()}`, input }))
      .authenticationID ?? '';
  const [ofSource, ofDestination, ofCode] = [
    await authentication('basic', { username: 'shop', password: 'correct-horse' }),
    await authentication('algolia', { appID: simulator.applicationId, apiKey: simulator.apiKey }),
    await authentication('secrets', { token: 'battery-staple' }),
  ];
  const made = await makeTransformed(simulator, { transformation: { authenticationIDs: [ofCode] } });
  await callAlgolia(simulator, `PATCH /1/sources/${made.sourceID}`, { authenticationID: ofSource });
  await callAlgolia(simulator, `PATCH /1/destinations/${made.destinationID}`, { authenticationID: ofDestination });
  return { ...made, ofSource, ofDestination, ofCode };
}

const world = () => simulator.world;
/** Which parts of a connector are still there. */
const there = (made: Made) =>
  [
    world().tasks.get(made.taskID) && 'task',
    world().destinations.get(made.destinationID) && 'destination',
    world().sources.get(made.sourceID) && 'source',
    world().transformations.get(made.transformationID) && 'transformation',
    ...[made.ofSource, made.ofDestination, made.ofCode].map(
      (id) => world().authentications.get(id) && 'authentication',
    ),
  ].filter((part) => part !== undefined);
const WHOLE = ['task', 'destination', 'source', 'transformation', 'authentication', 'authentication', 'authentication'];
const isEnabled = (taskID: string) => world().tasks.get(taskID)?.enabled;
const wayOf = async (taskID: string) => {
  const { requests } = await simulator.control<{ requests: { operation: string; path: string }[] }>(
    'GET /requests?limit=10000',
  );
  return requests.filter(({ path }) => path.includes(taskID)).map(({ operation }) => operation);
};

describe.concurrent('a decommissioning that is approved', () => {
  test('deletes the whole connector in its order, and hands back its configuration', async () => {
    const made = await makeWhole();
    const handle = await decommission({ taskID: made.taskID, alsoDelete: [...ALL], requestedBy: 'ana' });
    const { plan } = await asked(handle);
    expect(isEnabled(made.taskID)).toBe(false);
    expect(there(made)).toEqual(WHOLE);
    const parts = [
      { resource: 'task', id: made.taskID, configuration: { enabled: true, action: 'replace' } },
      { resource: 'destination', id: made.destinationID, configuration: { input: { indexName: made.indexName } } },
      { resource: 'source', id: made.sourceID, configuration: { type: 'json' } },
      { resource: 'transformation', id: made.transformationID, configuration: { input: { code: OLD_CODE } } },
      { resource: 'authentication', id: made.ofSource, configuration: { input: { username: 'shop', password: null } } },
      { resource: 'authentication', id: made.ofDestination, configuration: { input: { apiKey: null } } },
      { resource: 'authentication', id: made.ofCode, configuration: { input: { token: null } } },
    ];
    expect(plan).toMatchObject({ delete: parts, keep: [], indexStays: made.indexName, stillRunning: [] });
    await answer(handle, 'approve', 'Ana');
    await answer(handle, 'approve', 'bob');
    expect(await handle.result()).toMatchObject({
      taskID: made.taskID,
      deleted: parts,
      kept: [],
      stillRunning: [],
      approval: { by: [{ actor: 'bob' }], refused: [{ actor: 'Ana' }] },
    });
    expect(there(made)).toEqual([]);
    expect(JSON.stringify((await handle.fetchHistory()).events)).not.toMatch(/correct-horse|battery-staple/);
  });

  test('deletes the task alone unless more is asked for', async () => {
    const made = await makeWhole();
    const handle = await decommission({ taskID: made.taskID });
    await answer(handle, 'approve');
    expect((await handle.result()).deleted).toMatchObject([{ resource: 'task' }]);
    expect(there(made)).toEqual(WHOLE.slice(1));
  });

  test('keeps what something else uses, and what that uses, and names both', async () => {
    const made = await makeWhole();
    const { taskID: other } = await callAlgolia(simulator, 'POST /2/tasks', {
      sourceID: (await makeConnector(simulator)).sourceID,
      destinationID: made.destinationID,
      action: 'save',
    });
    const handle = await decommission({ taskID: made.taskID, alsoDelete: [...ALL] });
    const kept = [
      { resource: 'destination', id: made.destinationID, why: `task ${other} uses it` },
      { resource: 'transformation', id: made.transformationID, why: `destination ${made.destinationID} uses it` },
      { resource: 'authentication', id: made.ofDestination, why: `destination ${made.destinationID} uses it` },
      { resource: 'authentication', id: made.ofCode, why: `transformation ${made.transformationID} uses it` },
    ];
    expect((await answer(handle, 'approve')).plan).toMatchObject({ keep: kept });
    const result = await handle.result();
    expect(result.kept).toEqual(kept);
    expect(result.deleted.map(({ resource }) => resource)).toEqual(['task', 'source', 'authentication']);
    expect(there(made)).toEqual(['destination', 'transformation', 'authentication', 'authentication']);
  });

  test('waits for the runs that are going on before it asks', async () => {
    const made = await makeWhole();
    await simulator.control('POST /runs/script', { taskID: made.taskID, durationMs: 3_000 });
    const { runID = '' } = await callAlgolia(simulator, `POST /2/tasks/${made.taskID}/run`);
    const handle = await decommission({ taskID: made.taskID });
    await asked(handle);
    expect(world().runs.get(runID)).toMatchObject({ status: 'finished' });
    await answer(handle, 'approve');
    expect(await handle.result()).toMatchObject({ stillRunning: [] });
  });

  test('says which runs have not ended in time', async () => {
    const made = await makeWhole();
    await simulator.control('POST /runs/script', { taskID: made.taskID, neverFinish: true });
    const { runID } = await callAlgolia(simulator, `POST /2/tasks/${made.taskID}/run`);
    const handle = await decommission({ taskID: made.taskID, drain: '1s' });
    const stillRunning = [expect.stringMatching(new RegExp(`^run ${runID} of task ${made.taskID}: `))];
    expect((await answer(handle, 'approve')).plan).toMatchObject({ stillRunning });
    expect(await handle.result()).toMatchObject({ stillRunning, deleted: [{ resource: 'task' }] });
  });

  test('is asked about again when somebody changed a part meanwhile', async () => {
    const made = await makeWhole();
    const handle = await decommission({ taskID: made.taskID, alsoDelete: ['source'] });
    const first = await asked(handle);
    await callAlgolia(simulator, `PATCH /1/sources/${made.sourceID}`, { name: 'wanted again' });
    await answer(handle, 'approve');
    await vi.waitFor(async () => expect((await asked(handle)).planHash).not.toBe(first.planHash), 40_000);
    await answer(handle, 'reject', 'carol');
    expect(await failureOf(handle)).toMatchObject({ type: 'ApprovalDenied' });
    expect(there(made)).toEqual(WHOLE);
  });

  test('takes a lost answer, an outage and what is gone already for what they are', async () => {
    const made = await makeWhole();
    const lose = (operation: string, kind: string, match: object, more: object = {}) =>
      simulator.control('POST /faults', { operation, kind, match, ...more });
    await lose('disableTask', 'loseAnswer', { taskID: made.taskID });
    await lose('deleteTask', 'loseAnswer', { taskID: made.taskID });
    await lose('deleteDestination', 'status', { destinationID: made.destinationID }, { status: 503, times: 2 });
    await lose('deleteSource', 'loseAnswer', { sourceID: made.sourceID });
    const handle = await decommission({ taskID: made.taskID, alsoDelete: ['destination', 'source'] });
    await answer(handle, 'approve');
    const { deleted } = await handle.result();
    expect(deleted.map(({ resource }) => resource)).toEqual(['task', 'destination', 'source']);
    expect(there(made)).toEqual(WHOLE.slice(3));
  });

  test('leaves out what was deleted before', async () => {
    const made = await makeWhole();
    await callAlgolia(simulator, `PATCH /1/destinations/${made.destinationID}`, { transformationIDs: [] });
    await callAlgolia(simulator, `DELETE /1/transformations/${made.transformationID}`);
    await callAlgolia(simulator, `PATCH /1/destinations/${made.destinationID}`, {});
    const handle = await decommission({ taskID: made.taskID, alsoDelete: ['transformation', 'source'] });
    await answer(handle, 'approve');
    expect((await handle.result()).deleted.map(({ resource }) => resource)).toEqual(['task', 'source']);
  });

  test('keeps what somebody began to use in the last moment', async () => {
    const made = await makeWhole();
    // The lists know nothing of it yet, so only Algolia's own refusal does.
    const other = await makeConnector(simulator);
    const handle = await decommission({ taskID: made.taskID, alsoDelete: ['source'] });
    await asked(handle);
    await simulator.control('POST /faults', {
      operation: 'deleteSource',
      kind: 'status',
      status: 400,
      message: `this source is still in use by task ${other.taskID}`,
      match: { sourceID: made.sourceID },
    });
    await answer(handle, 'approve');
    expect(await handle.result()).toMatchObject({
      deleted: [{ resource: 'task' }],
      kept: [{ resource: 'source', id: made.sourceID, why: expect.stringContaining('still in use') }],
    });
  });

  test('goes on with the rest when a part cannot be deleted, and fails with what is left', async () => {
    const made = await makeWhole();
    await simulator.control('POST /faults', {
      operation: 'deleteDestination',
      kind: 'status',
      status: 403,
      times: -1,
      match: { destinationID: made.destinationID },
    });
    const handle = await decommission({ taskID: made.taskID, alsoDelete: ['destination', 'source'] });
    await answer(handle, 'approve');
    expect(await failureOf(handle)).toMatchObject({
      type: 'DecommissionIncomplete',
      message: expect.stringMatching(new RegExp(`destination ${made.destinationID}: .*Delete that with callOperation`)),
      details: [{ deleted: [{ resource: 'task' }, { resource: 'source' }], left: [{ resource: 'destination' }] }],
    });
  });

  test('is finished even if it is cancelled while it deletes', async () => {
    const made = await makeWhole();
    const deletion = hold(simulator, 'deleteTask', { match: { taskID: made.taskID } });
    const handle = await decommission({ taskID: made.taskID, alsoDelete: ['destination', 'source'] });
    await answer(handle, 'approve');
    await deletion.met();
    await untilStep(handle, /^deleting$/);
    await handle.cancel();
    deletion.release();
    expect((await handle.result()).deleted).toHaveLength(3);
    expect(there(made)).toEqual(WHOLE.slice(3));
  });
});

describe.concurrent('nothing is deleted, and the task is enabled again', () => {
  const untouched = async (made: Made) => {
    expect(there(made)).toEqual(WHOLE);
    expect(isEnabled(made.taskID)).toBe(true);
  };

  test('when it is rejected', async () => {
    const made = await makeWhole();
    const handle = await decommission({ taskID: made.taskID, alsoDelete: [...ALL] });
    await answer(handle, 'reject');
    expect(await failureOf(handle)).toMatchObject({
      type: 'ApprovalDenied',
      message: expect.stringMatching(/Nothing was deleted, and the task is enabled again$/),
      details: [{ decision: 'rejected' }, { restored: true }],
    });
    await untouched(made);
  });

  test('when nobody answers within a day', async () => {
    const made = await makeWhole();
    const handle = await decommission({ taskID: made.taskID });
    await asked(handle);
    await fastForward(worker.client, handle.workflowId, '25h');
    expect(await failureOf(handle)).toMatchObject({ type: 'ApprovalDenied', details: [{ decision: 'expired' }, {}] });
    await untouched(made);
  });

  test('when it is cancelled while it waits for runs', async () => {
    const made = await makeWhole();
    await simulator.control('POST /runs/script', { taskID: made.taskID, neverFinish: true });
    await callAlgolia(simulator, `POST /2/tasks/${made.taskID}/run`);
    const handle = await decommission({ taskID: made.taskID });
    await untilStep(handle, /^waiting until/);
    await handle.cancel();
    expect((await failureOf(handle)).name).toBe('CancelledFailure');
    await untouched(made);
  });

  test('when it is cancelled while the task is being disabled', async () => {
    const made = await makeWhole();
    const disabling = hold(simulator, 'disableTask', { match: { taskID: made.taskID } });
    const handle = await decommission({ taskID: made.taskID });
    await disabling.met();
    await untilStep(handle, /^disabling/);
    await handle.cancel();
    disabling.release();
    expect((await failureOf(handle)).name).toBe('CancelledFailure');
    await untouched(made);
  });

  test('when Algolia refuses to delete the task', async () => {
    const made = await makeWhole();
    await simulator.control('POST /faults', {
      operation: 'deleteTask',
      kind: 'status',
      status: 403,
      times: -1,
      match: { taskID: made.taskID },
    });
    const handle = await decommission({ taskID: made.taskID, alsoDelete: [...ALL] });
    await answer(handle, 'approve');
    expect(await failureOf(handle)).toMatchObject({
      type: 'AlgoliaAuth',
      message: expect.stringMatching(/Nothing was deleted, and the task is enabled again$/),
    });
    await untouched(made);
  });

  test('or it is told that it may be left disabled', async () => {
    const made = await makeWhole();
    await simulator.control('POST /faults', {
      operation: 'enableTask',
      kind: 'status',
      status: 403,
      times: -1,
      match: { taskID: made.taskID },
    });
    const handle = await decommission({ taskID: made.taskID });
    await answer(handle, 'reject');
    expect(await failureOf(handle)).toMatchObject({
      type: 'ApprovalDenied',
      message: expect.stringMatching(/The task may be left disabled/),
      details: [{}, { restored: false }],
    });
  });
});

test('nothing is done with a connector that history could not keep', async () => {
  const made = await makeWhole();
  const large = { name: 'large', type: 'code', input: { code: `// ${'x'.repeat(700_000)}` } };
  const ids = await Promise.all(
    [1, 2].map(async () => (await callAlgolia(simulator, 'POST /1/transformations', large)).transformationID),
  );
  await callAlgolia(simulator, `PATCH /1/destinations/${made.destinationID}`, { transformationIDs: ids });
  const handle = await decommission({ taskID: made.taskID, alsoDelete: ['destination', 'transformation'] });
  expect(await failureOf(handle)).toMatchObject({
    type: 'ConfigurationTooLarge',
    message: expect.stringMatching(/leave the largest part out of alsoDelete/),
  });
  expect(await wayOf(made.taskID)).not.toContain('disableTask');
});

test('a task that was disabled before stays so when it is rejected', async () => {
  const made = await makeWhole();
  await callAlgolia(simulator, `PUT /2/tasks/${made.taskID}/disable`);
  const handle = await decommission({ taskID: made.taskID });
  expect((await answer(handle, 'reject')).plan).toMatchObject({ delete: [{ configuration: { enabled: false } }] });
  expect(await failureOf(handle)).toMatchObject({ message: expect.stringMatching(/stays disabled, as it was$/) });
  expect(isEnabled(made.taskID)).toBe(false);
  expect(await wayOf(made.taskID)).not.toContain('enableTask');
});

test.for([
  [{ taskID: 'nobody' }, 'AlgoliaInvalid', /not found/],
  [{ taskID: 't', alsoDelete: ['index'] }, 'InvalidInput', /input\.alsoDelete\[0\]/],
  [{ taskID: 't', drain: 'soon' }, 'InvalidInput', /input\.drain: expected a duration/],
  [{ taskID: 't', approval: { policy: 'prod' } }, 'InvalidInput', /no approval policy 'prod'/],
] as const)('%j is refused before anything is done', async ([input, type, message]) => {
  const failure = (await failureOf(await decommission(input as unknown as DecommissionConnectorInput))) as {
    cause?: object;
  };
  expect(type === 'AlgoliaInvalid' ? failure.cause : failure).toMatchObject({
    type,
    message: expect.stringMatching(message),
  });
});
