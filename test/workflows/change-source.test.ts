import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startSimulator, type Simulator } from '../../simulator/index.ts';
import { changeSource, changeSourceStatus, type ChangeSourceInput } from '../../src/workflows/change-source.ts';
import { allAnswered } from '../setup/all-answered.ts';
import { callAlgolia, makeConnector, serveRecords, type RecordServer } from '../setup/connector.ts';
import { answer, asked, failureOf } from '../setup/decide.ts';
import { hold } from '../setup/hold.ts';
import { startTestWorker, type TestWorker } from '../setup/start-worker.ts';
import { fastForward } from '../setup/time-skipping.ts';

let simulator: Simulator;
let worker: TestWorker;
let records: RecordServer;
let others: RecordServer;

beforeAll(async () => {
  simulator = await startSimulator({ runSpeed: 20 });
  [records, others] = await Promise.all([serveRecords(25), serveRecords(7)]);
  worker = await startTestWorker({ simulator });
});
afterAll(async () => {
  await worker.stop();
  await simulator.stop();
  await Promise.all([records.stop(), others.stop()]);
});

const change = (input: ChangeSourceInput) =>
  worker.client.workflow.start(changeSource, {
    taskQueue: worker.taskQueue,
    workflowId: `change-${randomUUID()}`,
    args: [input],
  });
const sourceOf = (sourceID: string) =>
  callAlgolia<{ name: string; input: Record<string, unknown>; authenticationID?: string }>(
    simulator,
    `GET /1/sources/${sourceID}`,
  );
/** `expect.poll` is for tests that run alone: it fails in one beside which another ends. */
const WAIT = { timeout: 150_000, interval: 50 };
const untilChanged = (sourceID: string) =>
  vi.waitFor(async () => expect((await sourceOf(sourceID)).input.url).toBe(others.url), WAIT);
const toOthers = () => ({ input: { url: others.url, uniqueIDColumn: 'objectID' } });
/** A change that has been made, and whose sync goes on for longer than the test. */
async function changeBeingSynced() {
  const made = await makeConnector(simulator, { url: records.url });
  await simulator.control('POST /runs/script', { taskID: made.taskID, durationMs: 600_000 });
  const handle = await change({ sourceID: made.sourceID, sourceUpdate: toOthers() });
  await answer(handle, 'approve');
  await untilChanged(made.sourceID);
  return { made, handle };
}

describe.concurrent('a change that is approved', () => {
  test('is made and proven by a sync of the only task', async () => {
    const made = await makeConnector(simulator, { url: records.url });
    const handle = await change({ sourceID: made.sourceID, sourceUpdate: toOthers(), requestedBy: 'ana' });
    const { plan } = await asked(handle);
    expect(plan).toMatchObject({
      source: { sourceID: made.sourceID, type: 'json' },
      from: { input: { url: records.url } },
      to: toOthers(),
      validated: { samples: 7 },
      thenSync: made.taskID,
      ifThatFails: 'it is put back as it was',
    });
    expect((await sourceOf(made.sourceID)).input).toEqual({ url: records.url });
    await answer(handle, 'approve', 'bob');
    expect(await handle.result()).toMatchObject({
      before: { input: { url: records.url } },
      approval: { decision: 'approved', by: [{ actor: 'bob' }] },
      sync: { verdict: 'success', taskID: made.taskID },
    });
    expect((await sourceOf(made.sourceID)).input).toEqual(toOthers().input);
    expect(await simulator.control(`GET /indices/${made.indexName}`)).toMatchObject({ count: 7 });
  });

  test('is put back when the sync fails', async () => {
    const made = await makeConnector(simulator, { url: records.url });
    await simulator.control('POST /runs/script', {
      taskID: made.taskID,
      outcome: 'failure',
      reasonCode: 'critical',
      durationMs: 0,
    });
    const handle = await change({
      sourceID: made.sourceID,
      sourceUpdate: { name: 'renamed', ...toOthers() },
      taskID: made.taskID,
    });
    await answer(handle, 'approve');
    expect(await failureOf(handle)).toMatchObject({
      type: 'SyncFailed',
      message: expect.stringMatching(/critical.*The source was put back as it was$/),
      details: [{ verdict: 'critical' }, { restored: true, notRestored: [] }],
    });
    expect(await sourceOf(made.sourceID)).toMatchObject({ name: made.indexName, input: { url: records.url } });
  });

  test('is put back when it is cancelled half-way', async () => {
    const { made, handle } = await changeBeingSynced();
    await handle.cancel();
    expect((await failureOf(handle)).name).toBe('CancelledFailure');
    expect((await sourceOf(made.sourceID)).input).toEqual({ url: records.url });
  });

  test('is put back, and that is told, when somebody cancels its sync alone', async () => {
    const { made, handle } = await changeBeingSynced();
    const sync = worker.client.workflow.getHandle(`${handle.workflowId}/sync`);
    await vi.waitFor(() => sync.cancel(), WAIT);
    const failure = await failureOf(handle);
    expect(failure.message).toMatch(/\/sync was cancelled\. The source was put back as it was$/);
    expect(failure).toMatchObject({
      type: 'ChangeFailed',
      details: [{ restored: true, notRestored: [] }],
    });
    expect((await sourceOf(made.sourceID)).input.url).toBe(records.url);
  });

  test('is put back when it is cancelled while the update is under way', async () => {
    const made = await makeConnector(simulator, { url: records.url });
    const { sourceID } = made;
    const update = hold(simulator, 'updateSource', { match: { sourceID } });
    const handle = await change({ sourceID, sourceUpdate: toOthers() });
    await answer(handle, 'approve');
    await update.met();
    expect((await handle.query(changeSourceStatus)).step).toMatch(/^updating/);
    await handle.cancel();
    update.release();
    expect((await failureOf(handle)).name).toBe('CancelledFailure');
    await allAnswered(simulator, 'updateSource');
    expect((await sourceOf(sourceID)).input).toEqual({ url: records.url });
  });

  test('is left as it is when somebody else has changed it since', async () => {
    const { made, handle } = await changeBeingSynced();
    const theirs = { url: `${records.url}?by=somebody` };
    await callAlgolia(simulator, `PATCH /1/sources/${made.sourceID}`, { input: theirs });
    await handle.cancel();
    expect((await failureOf(handle)).name).toBe('CancelledFailure');
    expect(await handle.query(changeSourceStatus)).toMatchObject({
      step: 'not put back: somebody else has changed it since, and that was left, because: cancelled',
    });
    expect((await sourceOf(made.sourceID)).input).toEqual(theirs);
  });

  test('tells what it is left as when it can not be put back', async () => {
    const { made, handle } = await changeBeingSynced();
    await simulator.control('POST /faults', {
      operation: 'updateSource',
      kind: 'status',
      status: 400,
      message: 'frozen',
      match: { sourceID: made.sourceID },
    });
    await handle.cancel();
    expect((await failureOf(handle)).name).toBe('CancelledFailure');
    expect(await handle.query(changeSourceStatus)).toMatchObject({
      step: expect.stringMatching(/^not put back: everything: .*frozen.*, because: cancelled$/),
    });
    expect((await sourceOf(made.sourceID)).input).toEqual(toOthers().input);
  });

  test('ends when it is cancelled in whatever moment its sync is about to start', async () => {
    const cancelled = Array.from({ length: 10 }, async (_, nth) => {
      const { handle } = await changeBeingSynced();
      await delay(nth * 10);
      await handle.cancel();
      return (await failureOf(handle)).name;
    });
    expect(new Set(await Promise.all(cancelled))).toEqual(new Set(['CancelledFailure']));
  });

  test('is asked about again when somebody else changed the source meanwhile', async () => {
    const made = await makeConnector(simulator, { url: records.url });
    const handle = await change({ sourceID: made.sourceID, sourceUpdate: toOthers() });
    const first = await asked(handle);
    await callAlgolia(simulator, `PATCH /1/sources/${made.sourceID}`, { name: 'changed by somebody' });
    await answer(handle, 'approve');
    await vi.waitFor(async () => expect((await asked(handle)).planHash).not.toBe(first.planHash), WAIT);
    await answer(handle, 'approve', 'carol');
    expect((await handle.result()).approval).toMatchObject({
      by: [{ actor: 'carol' }],
      refused: [{ actor: 'bob', why: 'approved, but the plan has changed since' }],
    });
  });
});

describe.concurrent('nothing is changed', () => {
  test('when it is rejected', async () => {
    const made = await makeConnector(simulator, { url: records.url });
    const handle = await change({ sourceID: made.sourceID, sourceUpdate: toOthers(), requestedBy: 'ana' });
    await answer(handle, 'approve', 'ANA');
    await answer(handle, 'reject');
    expect(await failureOf(handle)).toMatchObject({
      type: 'ApprovalDenied',
      message: expect.stringMatching(/rejected by bob: reject it$/),
      details: [{ decision: 'rejected', refused: [{ actor: 'ANA', why: 'who asked for it may not approve it' }] }],
    });
    expect((await sourceOf(made.sourceID)).input).toEqual({ url: records.url });
  });

  test('when nobody answers within a day', async () => {
    const made = await makeConnector(simulator, { url: records.url });
    const handle = await change({ sourceID: made.sourceID, sourceUpdate: toOthers() });
    await asked(handle);
    await fastForward(worker.client, handle.workflowId, '25h');
    expect(await failureOf(handle)).toMatchObject({ type: 'ApprovalDenied', details: [{ decision: 'expired' }] });
    expect((await sourceOf(made.sourceID)).input).toEqual({ url: records.url });
  });

  test('and nobody asked when the new source is not valid', async () => {
    const made = await makeConnector(simulator, { url: records.url });
    const sourceUpdate = { input: { url: 'http://127.0.0.1:9/', uniqueIDColumn: 'objectID' } };
    const handle = await change({ sourceID: made.sourceID, sourceUpdate });
    expect(await failureOf(handle)).toMatchObject({ type: 'ValidationFailed' });
  });

  test('when the task to sync is of another source', async () => {
    const [made, other] = await Promise.all([makeConnector(simulator), makeConnector(simulator)]);
    const handle = await change({ sourceID: made.sourceID, sourceUpdate: { name: 'x' }, taskID: other.taskID });
    expect(await failureOf(handle)).toMatchObject({
      type: 'InvalidInput',
      message: `input.taskID: task ${other.taskID} is of source ${other.sourceID}, not of ${made.sourceID}`,
    });
  });

  test.for([
    [{ sourceUpdate: {} }, /input.sourceUpdate: changes nothing/],
    [
      { sourceUpdate: { name: 'x' }, approval: { policy: 'prod' } },
      /no approval policy 'prod'; this worker has default/,
    ],
    [{ sourceUpdate: { nmae: 'x' } }, /input.sourceUpdate.nmae: unknown field/],
    [{ sourceUpdate: { name: 'x' }, run: { onBusy: 'skip' } }, /input.run.onBusy/],
  ])('when the input is %j', async ([input, message]) => {
    const handle = await change({ ...(input as ChangeSourceInput), sourceID: randomUUID() });
    expect(await failureOf(handle)).toMatchObject({
      type: 'InvalidInput',
      message: expect.stringMatching(message as RegExp),
    });
  });
});

test('what cannot be put back is said before anybody approves', async () => {
  const { sourceID = '' } = await callAlgolia(simulator, 'POST /1/sources', {
    type: 'docker',
    name: `docker-${randomUUID()}`,
    input: { image: 'acme/connector', configuration: { mode: 'old' } },
  });
  await simulator.control(`POST /sources/${sourceID}/records`, { records: [{ objectID: '1' }] });
  const handle = await change({ sourceID, sourceUpdate: { input: { configuration: { mode: 'new' } } } });
  expect((await answer(handle, 'approve')).plan).toMatchObject({
    thenSync: null,
    ifThatFails: { cannotBePutBack: [expect.stringMatching('does not tell what the configuration')] },
  });
  expect(await handle.result()).not.toHaveProperty('sync');
});
