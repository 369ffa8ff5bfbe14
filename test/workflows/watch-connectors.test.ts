import type { ScheduleHandle } from '@temporalio/client';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { startSimulator, type Simulator } from '../../simulator/index.ts';
import { alertBookId } from '../../src/activities/alert-book-reports.ts';
import { temporaryIndexName } from '../../src/activities/replace-names.ts';
import { keyRingId, type KeyRingState } from '../../src/secrets/key-ring-state.ts';
import { alertBookStatus } from '../../src/workflows/alert-book.ts';
import { keyRing } from '../../src/workflows/key-ring.ts';
import { reenableTask, reenableTaskStatus } from '../../src/workflows/reenable-task.ts';
import { syncTask } from '../../src/workflows/sync-task.ts';
import { watchConnectors, type WatchConnectorsInput } from '../../src/workflows/watch-connectors.ts';
import { allAnswered } from '../setup/all-answered.ts';
import { callAlgolia, makeConnector } from '../setup/connector.ts';
import { answer, asked, failureOf } from '../setup/decide.ts';
import { hold } from '../setup/hold.ts';
import { makeIndex } from '../setup/indices.ts';
import { startReceiver, type Receiver } from '../setup/receiver.ts';
import { startTestWorker, type TestWorker } from '../setup/start-worker.ts';
import { fastForward, withTimeSkipping } from '../setup/time-skipping.ts';

/** Each test tells a channel of its own, so that none hears of another's alerts. */
const CHANNELS = Array.from({ length: 30 }, (_, n) => `c${n}`);
const POLICIES = `
policies: {default: {expiresAfter: 1h}}
channels:
${CHANNELS.map((name) => `  ${name}: {type: webhook, url: {$secret: env:SECRET_${name}}}`).join('\n')}
`;
const APPLICATION_ID = `WATCH${Date.now()}`;
const unused = CHANNELS.values();
const newChannel = () => unused.next().value as string;

let simulator: Simulator;
let receiver: Receiver;
let worker: TestWorker;
let directory: string;
const schedules: ScheduleHandle[] = [];

beforeAll(async () => {
  [simulator, receiver] = await Promise.all([
    startSimulator({ runMs: 0, applicationId: APPLICATION_ID }),
    startReceiver(),
  ]);
  directory = await mkdtemp(join(tmpdir(), 'policies-'));
  await writeFile(join(directory, 'policies.yaml'), POLICIES);
  const secrets = CHANNELS.map((name) => [`SECRET_${name}`, `${receiver.url}/${name}`]);
  const environment = { APPROVAL_POLICIES: join(directory, 'policies.yaml'), ...Object.fromEntries(secrets) };
  worker = await startTestWorker({ simulator, environment });
});
afterEach(async () => {
  receiver.status = 200;
  await Promise.all(schedules.splice(0).map((schedule) => schedule.delete()));
});
afterAll(async () => {
  for (const id of [alertBookId(APPLICATION_ID), keyRingId(APPLICATION_ID)])
    await worker.client.workflow
      .getHandle(id)
      .terminate()
      .catch(() => undefined);
  await worker.stop();
  await Promise.all([receiver.stop(), simulator.stop(), rm(directory, { recursive: true })]);
});

/** Starts one tick, which may be that much later by its own clock. */
const start = (input: WatchConnectorsInput, later?: string) =>
  // A skipping clock would run on in the approvals that a tick starts.
  (later ? withTimeSkipping(worker.client) : worker.client).workflow.start(watchConnectors, {
    taskQueue: worker.taskQueue,
    workflowId: `watch-${randomUUID()}`,
    args: [input],
    ...(later ? { startDelay: later as '1h' } : {}),
  });
const tick = async (input: WatchConnectorsInput, later?: string) => (await start(input, later)).result();

const toldOf = (channel: string) => receiver.posted(`/${channel}`).map(({ body }) => (body as { kind: string }).kind);
/** What the channel has been told, once it has been told that much. */
const told = (channel: string, count: number) =>
  vi.waitFor(
    () => {
      expect(toldOf(channel).length).toBeGreaterThanOrEqual(count);
      return toldOf(channel);
    },
    { timeout: 150_000, interval: 50 },
  );
const bookForward = (by: '11m' | '61m' | '5m') => fastForward(worker.client, alertBookId(APPLICATION_ID), by);

const script = (taskID: string, what: object) =>
  simulator.control('POST /runs/script', { taskID, durationMs: 0, events: [{}], ...what });
const sync = (taskID: string) =>
  worker.client.workflow.execute(syncTask, {
    taskQueue: worker.taskQueue,
    workflowId: randomUUID(),
    args: [{ taskID, failWorkflow: false }],
  });
/** Hourly; the watch sees it when the list of schedules has it. */
async function makeSchedule(taskID: string): Promise<ScheduleHandle> {
  const scheduleId = `hourly-${randomUUID()}`;
  const schedule = await worker.client.schedule.create({
    scheduleId,
    spec: { intervals: [{ every: '1h' }] },
    policies: { catchupWindow: '1m' },
    action: { type: 'startWorkflow', workflowType: 'syncTask', taskQueue: worker.taskQueue, args: [{ taskID }] },
  });
  schedules.push(schedule);
  await vi.waitFor(
    async () => {
      const ids = [];
      for await (const listed of worker.client.schedule.list()) ids.push(listed.scheduleId);
      expect(ids).toContain(scheduleId);
    },
    { timeout: 150_000 },
  );
  return schedule;
}

/** A key ring with a pending key, whose rotation is gone. */
function startStuckRing(rotationWorkflowId: string) {
  const pending = { reference: 'file:new', fingerprint: '00000000' };
  return startRing({ pending, rotation: { rotationId: 'r', workflowId: rotationWorkflowId } });
}

async function startRing(more: Partial<KeyRingState>) {
  const current = { reference: 'configured' };
  const state = { epoch: 0, current, overlap: false, confirmed: [], refusedTo: [], changes: [] };
  const ring = await worker.client.workflow.start(keyRing, {
    taskQueue: worker.taskQueue,
    workflowId: keyRingId(APPLICATION_ID),
    args: [{ ...state, ...more }],
  });
  await vi.waitFor(async () => expect((await ring.describe()).memo).toHaveProperty('keyRing'), { timeout: 150_000 });
  return ring;
}
const setEnabled = (taskID: string, enabled: boolean) =>
  callAlgolia(simulator, `PUT /2/tasks/${taskID}/${enabled ? 'enable' : 'disable'}`);
async function makeUnusedAuthentication() {
  const input = { username: 'u', password: 'p' };
  const authentication = { type: 'basic', name: 'unused', input };
  return (await callAlgolia(simulator, 'POST /1/authentications', authentication)).authenticationID;
}
async function makeSynced() {
  const made = await makeConnector(simulator);
  await script(made.taskID, { times: -1 });
  await sync(made.taskID);
  return made;
}

/** Breaks something and returns how to mend it; what a tick looks at, and how much later by its clock it comes. */
interface Silence {
  readonly kind: string;
  readonly watching?: Partial<WatchConnectorsInput>;
  readonly later?: string;
  readonly breakIt: (taskID: string) => Promise<() => unknown>;
}

const silences: Silence[] = [
  {
    kind: 'connector.disabled',
    breakIt: async (taskID) => {
      await setEnabled(taskID, false);
      return () => setEnabled(taskID, true);
    },
  },
  {
    kind: 'connector.stale',
    later: '3h',
    breakIt: async (taskID) => () => sync(taskID),
  },
  {
    kind: 'connector.stuck',
    watching: { maxRunTime: '1h' },
    later: '2h',
    breakIt: async (taskID) => {
      await simulator.control('DELETE /runs/script');
      await script(taskID, { neverFinish: true });
      const { runID } = await callAlgolia(simulator, `POST /2/tasks/${taskID}/run`, {});
      return () => simulator.control(`POST /runs/${runID}/finish`, {});
    },
  },
  {
    kind: 'connector.blocked',
    breakIt: async (taskID) => {
      const policies = { criticalThreshold: 1 };
      await callAlgolia(simulator, `PATCH /2/tasks/${taskID}`, { policies });
      await simulator.control('DELETE /runs/script');
      await script(taskID, { outcome: 'failure', reasonCode: 'critical', reason: 'no such shop' });
      await sync(taskID);
      return async () => {
        await setEnabled(taskID, true);
        await script(taskID, { times: -1 });
        await sync(taskID);
      };
    },
  },
  {
    kind: 'schedule.paused',
    breakIt: async (taskID) => {
      const schedule = await makeSchedule(taskID);
      await schedule.pause('paused due to workflow failure');
      return () => schedule.unpause();
    },
  },
  {
    kind: 'schedule.missed',
    later: '3h',
    breakIt: async (taskID) => {
      const schedule = await makeSchedule(taskID);
      return () => schedule.trigger();
    },
  },
  {
    kind: 'index.leftover',
    watching: { leftoverAfter: '1ms' },
    breakIt: async () => {
      const indexName = temporaryIndexName(`shoes-${randomUUID()}`, 'gone');
      makeIndex(simulator, indexName, { count: 3 });
      return () => simulator.world.indices.delete(indexName);
    },
  },
  {
    kind: 'authentication.orphaned',
    watching: { leftoverAfter: '1ms' },
    breakIt: async () => {
      const authenticationID = await makeUnusedAuthentication();
      return () => callAlgolia(simulator, `DELETE /1/authentications/${authenticationID}`);
    },
  },
  {
    kind: 'keyRing.stuck',
    breakIt: async () => {
      const ring = await startStuckRing(`rotation-${randomUUID()}`);
      return async () => {
        await ring.terminate();
        // What a ring said last counts even when it is gone.
        await (await startRing({})).terminate();
      };
    },
  },
];

test.each(silences)('$kind is alarmed within one tick, once, and its recovery told', async ({ kind, ...silence }) => {
  const { taskID } = await makeSynced();
  const alert = newChannel();
  const maxAge = kind === 'connector.stale' ? '1h' : '10d';
  const input = { expect: [{ taskID, maxAge }], alert, ...silence.watching };
  const healthy = await tick(input);
  expect(healthy.problems).toEqual([]);
  const mend = await silence.breakIt(taskID);
  const looking = () => tick(input, silence.later);
  expect((await looking()).problems).toMatchObject([{ kind }]);
  expect(await told(alert, 1)).toEqual([kind]);
  await looking();
  await looking();
  expect(toldOf(alert)).toEqual([kind]);

  await mend();
  // The server takes a moment until a schedule shows what it has just started.
  await vi.waitFor(async () => expect(await tick(input)).toMatchObject({ healthy: true }), { timeout: 150_000 });
  expect(await told(alert, 2)).toEqual([kind, `${kind}.recovered`]);
  await tick(input);
  expect(toldOf(alert)).toHaveLength(2);
});

test('nothing is told while nothing is wrong', async () => {
  const { taskID } = await makeSynced();
  const alert = newChannel();
  const result = await tick({ expect: [{ taskID, maxAge: '1h' }], alert });
  expect(result).toMatchObject({ healthy: true, problems: [], unchecked: [] });
  expect(toldOf(alert)).toEqual([]);
});

test('a disabled task is told once, then every so often, and when it is fine again', async () => {
  const { taskID } = await makeSynced();
  const alert = newChannel();
  const input = { expect: [{ taskID, maxAge: '1h' }], alert, repeatAlertEvery: '1h' };
  await setEnabled(taskID, false);
  expect(await tick(input)).toMatchObject({ healthy: false, problems: [{ kind: 'connector.disabled' }] });
  await told(alert, 1);
  await tick(input);
  await tick(input);
  expect(toldOf(alert)).toEqual(['connector.disabled']);
  expect(receiver.posted(`/${alert}`)[0]?.body).toMatchObject({
    title: `Wrong: task ${taskID} is disabled`,
    workflowId: alertBookId(APPLICATION_ID),
    details: { problems: [{ key: `task/${taskID}/disabled` }] },
  });

  await bookForward('61m');
  await tick(input);
  expect(await told(alert, 2)).toEqual(['connector.disabled', 'connector.disabled.repeated']);

  await setEnabled(taskID, true);
  expect(await tick(input)).toMatchObject({ healthy: true });
  expect((await told(alert, 3)).at(-1)).toBe('connector.disabled.recovered');
  await tick(input);
  expect(toldOf(alert)).toHaveLength(3);
});

test('a task that has not succeeded for too long is stale, with the reason of its last failure', async () => {
  const { taskID } = await makeConnector(simulator);
  await script(taskID, {});
  await sync(taskID);
  await script(taskID, { outcome: 'failure', reasonCode: 'critical', reason: 'the token expired' });
  await sync(taskID);
  const alert = newChannel();
  const input = { expect: [{ taskID, maxAge: '1h' }], alert };
  expect(await tick(input)).toMatchObject({ healthy: true });
  const { problems } = await tick(input, '3h');
  expect(problems).toMatchObject([{ kind: 'connector.stale', key: `task/${taskID}/stale` }]);
  expect(problems[0]?.text).toMatch(/has not succeeded since 20.*; the last run failed: the token expired$/);
  await script(taskID, {});
  await sync(taskID);
  expect(await tick(input)).toMatchObject({ healthy: true });
  expect(await told(alert, 2)).toEqual(['connector.stale', 'connector.stale.recovered']);
});

test('the reason of a failure is told in a few lines, however long it is: the alert book holds hundreds', async () => {
  const { taskID } = await makeConnector(simulator);
  await script(taskID, { outcome: 'failure', reasonCode: 'critical', reason: 'no '.repeat(2_000) });
  await sync(taskID);
  const { problems } = await tick({ expect: [{ taskID, maxAge: '1h' }], alert: newChannel() }, '3h');
  expect(problems).toMatchObject([{ kind: 'connector.stale' }]);
  expect(problems[0]?.text.length).toBeLessThan(400);
});

test('a new task has the time it is given before it is stale', async () => {
  const { taskID } = await makeConnector(simulator);
  const input = { expect: [{ taskID, maxAge: '1h' }], alert: newChannel() };
  expect(await tick(input)).toMatchObject({ healthy: true });
  expect(await tick(input, '2h')).toMatchObject({ problems: [{ kind: 'connector.stale' }] });
});

test('a run that goes on for too long is stuck', async () => {
  const { taskID } = await makeConnector(simulator);
  await script(taskID, { neverFinish: true });
  const { runID } = await callAlgolia(simulator, `POST /2/tasks/${taskID}/run`, {});
  const input = { expect: [{ taskID, maxAge: '10d' }], maxRunTime: '1h', alert: newChannel() };
  expect(await tick(input)).toMatchObject({ healthy: true });
  const { problems } = await tick(input, '2h');
  expect(problems).toMatchObject([{ kind: 'connector.stuck', text: expect.stringContaining(runID ?? '') }]);
  await simulator.control(`POST /runs/${runID}/finish`, {});
});

test('a task that Algolia has blocked is told with the reason', async () => {
  const { taskID } = await makeConnector(simulator, { task: { policies: { criticalThreshold: 1 } } });
  await script(taskID, { outcome: 'failure', reasonCode: 'critical', reason: 'no such shop' });
  await sync(taskID);
  const { problems } = await tick({ expect: [{ taskID, maxAge: '1h' }], alert: newChannel() });
  expect(problems).toMatchObject([{ kind: 'connector.blocked', text: expect.stringContaining('no such shop') }]);
});

test('a task that is gone is told; of those that a filter chooses the rest is watched all the same', async () => {
  const { taskID, sourceID } = await makeSynced();
  const gone = randomUUID();
  await setEnabled(taskID, false);
  const { problems, checked } = await tick({
    expect: [{ taskID: gone, maxAge: '1h' }],
    taskFilter: { sourceID: [sourceID] },
    maxAge: '1h',
    alert: newChannel(),
  });
  expect(problems.map(({ key }) => key).toSorted()).toEqual(
    [`task/${gone}/gone`, `task/${taskID}/disabled`].toSorted(),
  );
  expect(checked).toBeGreaterThanOrEqual(2);
});

test('what one watch finds another does not call fine', async () => {
  const [one, other] = [await makeSynced(), await makeSynced()];
  const alert = newChannel();
  await setEnabled(one.taskID, false);
  await tick({ expect: [{ taskID: one.taskID, maxAge: '1h' }], alert });
  await tick({ expect: [{ taskID: other.taskID, maxAge: '1h' }], alert });
  await told(alert, 1);
  const { problems } = await tick({ expect: [{ taskID: other.taskID, maxAge: '1h' }], alert });
  expect(problems).toMatchObject([{ key: `task/${one.taskID}/disabled` }]);
  expect(toldOf(alert)).toEqual(['connector.disabled']);
});

test('a notifier that is dead loses no alert, makes the tick fail, and is told when it is back', async () => {
  const { taskID } = await makeSynced();
  const alert = newChannel();
  const input = { expect: [{ taskID, maxAge: '1h' }], alert };
  receiver.status = 503;
  await setEnabled(taskID, false);
  expect(await tick(input)).toMatchObject({ healthy: false });
  const book = worker.client.workflow.getHandle(alertBookId(APPLICATION_ID));
  await vi.waitFor(async () => expect((await book.query(alertBookStatus))[alert]).toHaveProperty('failing'), {
    timeout: 150_000,
  });
  await setEnabled(taskID, true);
  await tick(input);
  await bookForward('11m');
  expect(await failureOf(await start(input))).toMatchObject({
    type: 'NoticesUndelivered',
    message: expect.stringMatching(new RegExp(`^nobody could be told: 2 to ${alert} since .*503`)),
  });
  expect(toldOf(alert)).toEqual([]);

  receiver.status = 200;
  await bookForward('5m');
  expect(await told(alert, 2)).toEqual(['connector.disabled', 'connector.disabled.recovered']);
  await tick(input);
  expect(toldOf(alert)).toHaveLength(2);
});

test('when Algolia cannot be asked, that is told, and nothing else is called fine', async () => {
  const { taskID } = await makeSynced();
  const alert = newChannel();
  const input = { expect: [{ taskID, maxAge: '1h' }], alert };
  await setEnabled(taskID, false);
  await tick(input);
  await simulator.control('POST /faults', { operation: 'searchTasks', kind: 'status', status: 403, times: -1 });
  const { problems, unchecked } = await tick(input);
  expect(problems.map(({ kind }) => kind)).toEqual(['connector.disabled', 'watch.failing']);
  expect(unchecked[0]).toContain("connectors can't be watched");
  await simulator.control('DELETE /faults');
  await tick(input);
  expect((await told(alert, 3)).toSorted()).toEqual(['connector.disabled', 'watch.failing', 'watch.failing.recovered']);
});

test('leftover temporary indices and authentications that nothing uses are told', async () => {
  const { taskID } = await makeSynced();
  const indexName = temporaryIndexName('products', 'gone');
  makeIndex(simulator, indexName, { count: 3 });
  const authenticationID = await makeUnusedAuthentication();
  const alert = newChannel();
  const input = { expect: [{ taskID, maxAge: '1h' }], leftoverAfter: '1ms', alert };
  expect(await tick({ ...input, leftoverAfter: '1h' })).toMatchObject({ healthy: true });
  expect((await tick(input)).problems.map(({ key }) => key).toSorted()).toEqual([
    `authentication/${authenticationID}`,
    `index/${indexName}`,
  ]);
  await callAlgolia(simulator, `DELETE /1/authentications/${authenticationID}`);
  simulator.world.indices.delete(indexName);
  expect(await tick(input)).toMatchObject({ healthy: true });
  expect(await told(alert, 4)).toHaveLength(4);
});

test('an authentication is no leftover while a workflow of this application may be making it; one of another changes nothing', async () => {
  const { taskID } = await makeSynced();
  const authenticationID = await makeUnusedAuthentication();
  const input = { expect: [{ taskID, maxAge: '1h' }], leftoverAfter: '1ms', alert: newChannel() };
  const underWay = async (applicationId: string) => {
    const handle = await worker.client.workflow.start('provisionConnector', {
      taskQueue: `nobody-polls-${randomUUID()}`,
      workflowId: randomUUID(),
      typedSearchAttributes: [{ key: { name: 'AlgoliaAppId', type: 'KEYWORD' }, value: applicationId }],
    });
    await vi.waitFor(
      async () => {
        const { count } = await worker.client.workflow.count(`WorkflowId = '${handle.workflowId}'`);
        expect(count).toBe(1);
      },
      { timeout: 150_000 },
    );
    return handle;
  };
  const [others, own] = await Promise.all([underWay('ANOTHER'), underWay(APPLICATION_ID)]);
  const { problems, unchecked } = await tick(input);
  expect({ problems, unchecked }).toEqual({
    problems: [],
    unchecked: ['authentications: a workflow that makes or deletes them is under way'],
  });
  await own.terminate();
  // The server takes a moment until it lists the workflow as ended.
  const problem = { key: `authentication/${authenticationID}` };
  await vi.waitFor(async () => expect((await tick(input)).problems).toMatchObject([problem]), { timeout: 150_000 });
  await others.terminate();
  await callAlgolia(simulator, `DELETE /1/authentications/${authenticationID}`);
});

test('a schedule that is paused, or was due and started nothing, is told', async () => {
  const { taskID } = await makeSynced();
  const input = { expect: [{ taskID, maxAge: '10d' }], alert: newChannel() };
  const schedule = await makeSchedule(taskID);
  const { scheduleId } = schedule;
  const problemsOf = async (later?: string) => (await tick(input, later)).problems;
  expect(await problemsOf()).toEqual([]);
  const missed = await problemsOf('3h');
  expect(missed).toMatchObject([{ kind: 'schedule.missed', key: `schedule/${scheduleId}/missed` }]);
  expect(missed[0]?.text).toMatch(/was due at 20.*:00:00.000Z and started nothing$/);
  expect(await problemsOf()).toEqual([]);
  await schedule.pause('paused due to workflow failure');
  const paused = await problemsOf();
  expect(paused).toMatchObject([
    { kind: 'schedule.paused', text: `schedule ${scheduleId} is paused: paused due to workflow failure` },
  ]);
  await schedule.unpause();
  await schedule.pause('paused by its file: until the shop opens');
  expect(await problemsOf('3h')).toEqual([]);
});

test('asked to, it has people decide whether a disabled task is enabled again, once', async () => {
  const { taskID } = await makeSynced();
  await setEnabled(taskID, false);
  const input: WatchConnectorsInput = {
    expect: [{ taskID, maxAge: '1h' }],
    onDisabled: 'askApproval',
    alert: newChannel(),
  };
  const { asked: workflowIds } = await tick(input);
  expect(workflowIds).toEqual([expect.stringContaining(`algolia-reenable/${APPLICATION_ID}/${taskID}/`)]);
  const approval = worker.client.workflow.getHandle<typeof reenableTask>(workflowIds[0] ?? '');
  expect(await asked(approval)).toMatchObject({ title: `enabling task ${taskID} again` });
  expect(await tick(input)).toMatchObject({ asked: [] });
  await answer(approval, 'approve');
  await expect(approval.result()).resolves.toMatchObject({ outcome: 'enabled', sync: { verdict: 'success' } });
  expect(await tick(input)).toMatchObject({ healthy: true });
});

/** Somebody has it enabled again by hand, and somebody approves. */
async function enableAgain(taskID: string) {
  const approval = await worker.client.workflow.start(reenableTask, {
    taskQueue: worker.taskQueue,
    workflowId: randomUUID(),
    args: [{ taskID }],
  });
  await answer(approval, 'approve');
  return approval;
}

test('a task that fails as soon as it is enabled again is disabled again', async () => {
  const { taskID } = await makeConnector(simulator);
  await setEnabled(taskID, false);
  await script(taskID, { outcome: 'failure', reasonCode: 'critical', reason: 'still broken' });
  const approval = await enableAgain(taskID);
  expect(await failureOf(approval)).toMatchObject({
    type: 'SyncFailed',
    message: expect.stringContaining('still broken. The task was disabled again'),
  });
  expect(simulator.world.tasks.get(taskID)?.enabled).toBe(false);
});

test('a task that is being enabled again when that is cancelled is disabled again', async () => {
  const { taskID } = await makeConnector(simulator);
  await setEnabled(taskID, false);
  const enabling = hold(simulator, 'enableTask', { match: { taskID } });
  const approval = await enableAgain(taskID);
  await enabling.met();
  expect((await approval.query(reenableTaskStatus)).step).toMatch(/^enabling/);
  await approval.cancel();
  enabling.release();
  expect((await failureOf(approval)).name).toBe('CancelledFailure');
  await allAnswered(simulator, 'enableTask');
  expect(simulator.world.tasks.get(taskID)?.enabled).toBe(false);
});

test('a task that can not be disabled again is said to be left enabled', async () => {
  const { taskID } = await makeConnector(simulator);
  await setEnabled(taskID, false);
  await script(taskID, { outcome: 'failure', reasonCode: 'critical', reason: 'still broken' });
  const refusal = { operation: 'disableTask', kind: 'status', status: 400, message: 'frozen', match: { taskID } };
  await simulator.control('POST /faults', refusal);
  const approval = await enableAgain(taskID);
  expect(await failureOf(approval)).toMatchObject({
    type: 'SyncFailed',
    message: expect.stringMatching(/The task was left enabled: it could not be disabled again \(.*frozen.*\)$/),
    details: [{ verdict: 'critical' }, { restored: false }],
  });
});

test('a denied approval leaves the task disabled', async () => {
  const { taskID } = await makeConnector(simulator);
  await setEnabled(taskID, false);
  const approval = await worker.client.workflow.start(reenableTask, {
    taskQueue: worker.taskQueue,
    workflowId: randomUUID(),
    args: [{ taskID }],
  });
  await answer(approval, 'reject');
  expect(await failureOf(approval)).toMatchObject({ type: 'ApprovalDenied' });
  expect(simulator.world.tasks.get(taskID)?.enabled).toBe(false);
});

test('a task that is enabled already is left as it is, and nobody is asked', async () => {
  const { taskID } = await makeConnector(simulator);
  const handle = await worker.client.workflow.start(reenableTask, {
    taskQueue: worker.taskQueue,
    workflowId: randomUUID(),
    args: [{ taskID }],
  });
  expect(await handle.result()).toEqual({ taskID, outcome: 'was enabled' });
  const { typedSearchAttributes } = await handle.describe();
  expect(typedSearchAttributes.get({ name: 'Outcome', type: 'KEYWORD' })).toBe('was enabled');
  expect(await handle.query(reenableTaskStatus)).toEqual({ taskID, step: 'done: the task was enabled already' });
});

test.each([
  [
    'an unknown channel',
    { taskFilter: {}, alert: 'pager' },
    "input.alert: there is no channel 'pager' in the approval policies",
  ],
  ['nothing to watch', { alert: 'c0' }, 'input.expect: name what to watch'],
  [
    'a filter that hides what gets disabled',
    { taskFilter: { enabled: true }, alert: 'c0' },
    'silently be watched no more',
  ],
  ['no channel', { taskFilter: {} }, 'input.alert'],
])('an input is refused at once: %s', async (_, input, message) => {
  expect(await failureOf(await start(input as WatchConnectorsInput))).toMatchObject({
    type: 'InvalidInput',
    message: expect.stringContaining(message),
  });
});

test('a key ring whose rotation died is told', async () => {
  const { taskID } = await makeSynced();
  const input = { expect: [{ taskID, maxAge: '1h' }], alert: newChannel() };
  const rotation = `rotation-${randomUUID()}`;
  const ring = await startStuckRing(rotation);
  const { problems } = await tick(input);
  expect(problems).toMatchObject([
    { kind: 'keyRing.stuck', text: expect.stringContaining(`its rotation ${rotation} is gone`) },
  ]);
  await ring.terminate();
});

test('the book refuses to be started or written in by hand', async () => {
  const id = randomUUID();
  const handle = await worker.client.workflow.start('alertBook', { taskQueue: worker.taskQueue, workflowId: id });
  expect(await failureOf(handle)).toMatchObject({ type: 'InvalidInput' });
  const book = worker.client.workflow.getHandle(alertBookId(APPLICATION_ID));
  await expect(book.executeUpdate('report', { args: [{ channels: 'c0' }] })).rejects.toMatchObject({
    cause: { message: 'only watchConnectors reports here' },
  });
});
