import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { startSimulator, type Simulator } from '../../simulator/index.ts';
import {
  rotateAuthentication,
  rotateAuthenticationStatus,
  type RotateAuthenticationInput,
} from '../../src/workflows/rotate-authentication.ts';
import { allAnswered } from '../setup/all-answered.ts';
import { callAlgolia, makeConnector, type MadeConnector, type SimulatorState } from '../setup/connector.ts';
import { answer, asked, failureOf } from '../setup/decide.ts';
import { serveGuardedRecords, type GuardedRecords } from '../setup/guarded-records.ts';
import { hold } from '../setup/hold.ts';
import { startTestWorker, type TestWorker } from '../setup/start-worker.ts';

const [OLD, NEW] = ['old-shop-password', 'new-shop-password'];
const NEW_INPUT = { username: 'shop', password: { $secret: 'env:SECRET_NEW' } };

let simulator: Simulator;
let worker: TestWorker;
let feed: GuardedRecords;
let connectors: MadeConnector[];
let name: string;
let authenticationID: string;

beforeAll(async () => {
  simulator = await startSimulator({ runSpeed: 20 });
  worker = await startTestWorker({ simulator, environment: { SECRET_NEW: NEW } });
});
afterAll(async () => {
  await worker.stop();
  await simulator.stop();
});
beforeEach(async () => {
  feed = await serveGuardedRecords(OLD, NEW);
  name = `shop-${randomUUID()}`;
  const created = await callAlgolia(simulator, 'POST /1/authentications', {
    type: 'basic',
    name,
    input: { username: 'shop', password: OLD },
  });
  authenticationID = created.authenticationID ?? '';
  const make = () => makeConnector(simulator, { url: feed.url, source: { authenticationID } });
  connectors = [await make(), await make()];
});
afterEach(() => feed.stop());

const rotate = (input: Partial<RotateAuthenticationInput> = {}) =>
  worker.client.workflow.start(rotateAuthentication, {
    taskQueue: worker.taskQueue,
    workflowId: `rotate-${randomUUID()}`,
    args: [{ authenticationID, newInput: NEW_INPUT, overlap: '1s', ...input }],
  });

const state = () => simulator.control<SimulatorState>('GET /state');
/** Which authentication each of the two sources uses. */
const used = async () =>
  Promise.all(
    connectors.map(
      async ({ sourceID }) => (await callAlgolia(simulator, `GET /1/sources/${sourceID}`)).authenticationID,
    ),
  );
const authentications = async () =>
  (await state()).authentications.filter((authentication) => authentication.name.startsWith(name));
const untouched = async () => {
  expect(await used()).toEqual([authenticationID, authenticationID]);
  expect(await authentications()).toMatchObject([{ authenticationID, name }]);
};

test('every source is switched to new credentials, proven by the canary, and the old ones are deleted', async () => {
  const canaryTaskID = connectors[1]?.taskID ?? '';
  const handle = await rotate({ canaryTaskID, requestedBy: 'ana' });
  const { plan } = await asked(handle);
  expect(plan).toMatchObject({
    replace: { authenticationID, name, type: 'basic' },
    switches: [connectors[1], connectors[0]].map((made) => ({ kind: 'source', id: made?.sourceID })),
    deleteOldAfter: '1s',
  });
  expect(await used()).toEqual([authenticationID, authenticationID]);
  await answer(handle, 'approve', 'Ana');
  await answer(handle, 'approve', 'bob');
  const result = await handle.result();
  expect(result).toMatchObject({
    oldAuthenticationID: authenticationID,
    oldDeleted: true,
    switched: [{ id: connectors[1]?.sourceID }, { id: connectors[0]?.sourceID }],
    canary: [{ verdict: 'success', taskID: canaryTaskID }],
    approval: { by: [{ actor: 'bob' }], refused: [{ actor: 'Ana' }] },
  });
  expect(await used()).toEqual([result.newAuthenticationID, result.newAuthenticationID]);
  expect(await authentications()).toEqual([
    expect.objectContaining({ authenticationID: result.newAuthenticationID, name }),
  ]);
  feed.passwords.delete(OLD);
  const run = await callAlgolia(simulator, `POST /2/tasks/${connectors[0]?.taskID}/run`);
  await expect
    .poll(async () => (await callAlgolia(simulator, `GET /1/runs/${run.runID}`)).outcome, { timeout: 150_000 })
    .toBe('success');
});

test('nothing is switched when it is rejected, and the new credentials are deleted again', async () => {
  const handle = await rotate();
  await answer(handle, 'reject');
  expect(await failureOf(handle)).toMatchObject({ type: 'ApprovalDenied' });
  await untouched();
});

/** A source that begins to use the old credentials, and the first one that no longer does. */
async function changeUsers(): Promise<{ readonly newcomer: string; readonly others: string }> {
  const other = await callAlgolia(simulator, 'POST /1/authentications', {
    type: 'basic',
    name: `other-${randomUUID()}`,
    input: { username: 'shop', password: OLD },
  });
  const others = other.authenticationID ?? '';
  await callAlgolia(simulator, `PATCH /1/sources/${connectors[0]?.sourceID}`, { authenticationID: others });
  const { sourceID } = await makeConnector(simulator, { url: feed.url, source: { authenticationID } });
  return { newcomer: sourceID, others };
}

test('what uses the old credentials by the time of the approval is asked for again, and just that is switched', async () => {
  const handle = await rotate();
  await asked(handle);
  const { newcomer, others } = await changeUsers();
  const switches = [connectors[1]?.sourceID, newcomer].map((id) => ({ kind: 'source', id }));
  const { planHash } = await answer(handle, 'approve');
  await expect.poll(async () => (await asked(handle)).planHash, { timeout: 150_000 }).not.toBe(planHash);
  expect(await answer(handle, 'approve')).toMatchObject({ plan: { switches } });
  const { newAuthenticationID, ...result } = await handle.result();
  expect(result).toMatchObject({ oldDeleted: true, switched: switches });
  expect(await used()).toEqual([others, newAuthenticationID]);
});

test('a source that begins to use the old credentials meanwhile is validated before anybody is asked again', async () => {
  const handle = await rotate();
  await asked(handle);
  const { others } = await changeUsers();
  feed.passwords.delete(NEW);
  await answer(handle, 'approve');
  expect(await failureOf(handle)).toMatchObject({ type: 'ValidationFailed' });
  expect(await used()).toEqual([others, authenticationID]);
});

test('nobody is asked when a source cannot be read with the new credentials', async () => {
  feed.passwords.delete(NEW);
  expect(await failureOf(await rotate())).toMatchObject({
    type: 'ValidationFailed',
    message: expect.stringMatching(/401.*Everything uses the old authentication, and the new one is deleted$/),
  });
  await untouched();
});

test('everything is pointed back when the canary fails', async () => {
  const handle = await rotate({ canaryTaskID: connectors[0]?.taskID ?? '' });
  await asked(handle);
  feed.passwords.delete(NEW);
  await answer(handle, 'approve');
  expect(await failureOf(handle)).toMatchObject({
    type: 'SyncFailed',
    details: [{ verdict: 'critical' }, { leftBehind: [] }],
  });
  await untouched();
});

/** Everything is switched, and the old one is kept for a while. */
async function rotateUntilOverlap() {
  const handle = await rotate({ overlap: '1h' });
  await answer(handle, 'approve');
  await expect
    .poll(async () => (await handle.query(rotateAuthenticationStatus)).step, { timeout: 150_000 })
    .toMatch(/^keeping the old authentication until/);
  return handle;
}

test('a cancellation during the overlap points everything back', async () => {
  const handle = await rotateUntilOverlap();
  expect(await used()).not.toContain(authenticationID);
  await handle.cancel();
  expect((await failureOf(handle)).name).toBe('CancelledFailure');
  await untouched();
});

test('what somebody else has pointed elsewhere, or deleted, is left alone by a cancellation', async () => {
  const handle = await rotateUntilOverlap();
  const { newcomer, others } = await changeUsers();
  const [, gone] = connectors;
  await callAlgolia(simulator, `DELETE /2/tasks/${gone?.taskID}`);
  await callAlgolia(simulator, `DELETE /1/sources/${gone?.sourceID}`);
  await handle.cancel();
  expect((await failureOf(handle)).name).toBe('CancelledFailure');
  const { sources } = await state();
  expect(sources.find(({ sourceID }) => sourceID === connectors[0]?.sourceID)).toMatchObject({
    authenticationID: others,
  });
  expect(sources.find(({ sourceID }) => sourceID === newcomer)).toMatchObject({ authenticationID });
  expect(await authentications()).toMatchObject([{ authenticationID, name }]);
});

test('a cancellation while a source is being switched points it back', async () => {
  const sourceID = connectors[0]?.sourceID ?? '';
  const update = hold(simulator, 'updateSource', { match: { sourceID } });
  const handle = await rotate();
  await answer(handle, 'approve');
  await update.met();
  expect((await handle.query(rotateAuthenticationStatus)).step).toBe(`switching source ${sourceID}`);
  await handle.cancel();
  update.release();
  expect((await failureOf(handle)).name).toBe('CancelledFailure');
  await allAnswered(simulator, 'updateSource');
  await untouched();
});

test('what can not be pointed back is named, and the new one that it uses stays', async () => {
  const handle = await rotateUntilOverlap();
  await simulator.control('POST /faults', {
    operation: 'updateSource',
    kind: 'status',
    status: 400,
    message: 'frozen',
    match: { sourceID: connectors[0]?.sourceID },
  });
  await handle.cancel();
  expect((await failureOf(handle)).name).toBe('CancelledFailure');
  const { leftBehind, newAuthenticationID } = await handle.query(rotateAuthenticationStatus);
  expect(leftBehind).toEqual([
    expect.stringMatching(`^source ${connectors[0]?.sourceID} still uses the new one: .*frozen`),
    expect.stringMatching(`^authentication ${newAuthenticationID}: `),
  ]);
  expect(await used()).toEqual([newAuthenticationID, authenticationID]);
});

test('the old one is kept, and that is said, when Algolia refuses to delete it', async () => {
  const fault = { operation: 'deleteAuthentication', kind: 'status', status: 400, message: 'frozen' };
  await simulator.control('POST /faults', fault);
  const handle = await rotate();
  await answer(handle, 'approve');
  expect(await handle.result()).toMatchObject({ oldDeleted: false, kept: expect.stringContaining('frozen') });
  expect(await authentications()).toHaveLength(2);
});

test('the old one is kept, and that is said, when somebody began to use it meanwhile', async () => {
  const handle = await rotate({ overlap: '3s' });
  await answer(handle, 'approve');
  await expect
    .poll(async () => (await handle.query(rotateAuthenticationStatus)).step, { timeout: 150_000 })
    .toMatch(/^keeping the old/);
  const late = await makeConnector(simulator, { url: feed.url, source: { authenticationID } });
  expect(await handle.result()).toMatchObject({ oldDeleted: false, kept: `source ${late.sourceID} uses it` });
  expect(await authentications()).toHaveLength(2);
});

test('runs that began with the old credentials end before those are deleted', async () => {
  const taskID = connectors[0]?.taskID ?? '';
  await simulator.control('POST /runs/script', { taskID, durationMs: 4_000 });
  const { runID } = await callAlgolia(simulator, `POST /2/tasks/${taskID}/run`);
  const handle = await rotate();
  await answer(handle, 'approve');
  expect(await handle.result()).toMatchObject({ oldDeleted: true });
  expect(await callAlgolia(simulator, `GET /1/runs/${runID}`)).toMatchObject({ status: 'finished' });
});

test('a canary that does not use the authentication is refused before anything is made', async () => {
  const other = await makeConnector(simulator, { url: feed.url });
  expect(await failureOf(await rotate({ canaryTaskID: other.taskID }))).toMatchObject({
    type: 'InvalidInput',
    message: expect.stringMatching(/^input.canaryTaskID: neither/),
  });
  await untouched();
});

test('a password in the clear is refused', async () => {
  const handle = await rotate({ newInput: { username: 'shop', password: 'in the clear' } });
  expect(await failureOf(handle)).toMatchObject({
    type: 'InvalidInput',
    message: expect.stringMatching(/input.newInput.password: a credential may not stand here/),
  });
});
