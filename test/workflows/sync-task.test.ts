import type { WorkflowHandle } from '@temporalio/client';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startSimulator, type Simulator } from '../../simulator/index.ts';
import {
  extendDeadline,
  giveUp,
  pollNow,
  syncTask,
  syncTaskStatus,
  type SyncTaskInput,
  type SyncTaskResult,
} from '../../src/workflows/sync-task.ts';
import { callAlgolia, makeConnector, serveRecords, type RecordServer } from '../setup/connector.ts';
import { fasterWaits } from '../setup/faster-waits.ts';
import { hold } from '../setup/hold.ts';
import { startTestWorker, type TestWorker } from '../setup/start-worker.ts';
import { withTimeSkipping } from '../setup/time-skipping.ts';
import { untouchedApplication } from '../setup/untouched-application.ts';

/** Most of the time of these tests is waiting. */
vi.setConfig({ maxConcurrency: 16 });
/** For what takes moments on an idle machine. */
const PATIENCE = { timeout: 150_000, interval: 50 };

let simulator: Simulator;
let worker: TestWorker;
let records: RecordServer;

beforeAll(async () => {
  simulator = await startSimulator({ runSpeed: 20 });
  records = await serveRecords();
  worker = await startTestWorker({ simulator });
});
afterAll(async () => {
  await worker.stop();
  await simulator.stop();
  await records.stop();
});

const start = (input: SyncTaskInput, { skipTime = false, by = worker } = {}) =>
  (skipTime ? withTimeSkipping(by.client) : by.client).workflow.start(syncTask, {
    taskQueue: by.taskQueue,
    workflowId: randomUUID(),
    args: [input],
  });

/** Syncs and returns the result whatever the verdict. */
const sync = async (input: SyncTaskInput, options?: { skipTime?: boolean }): Promise<SyncTaskResult> =>
  (await start({ failWorkflow: false, ...input }, options)).result();

async function failureOf(handle: WorkflowHandle<typeof syncTask>) {
  const error = await handle.result().then(
    () => expect.unreachable('the workflow should have failed'),
    (reason: unknown) =>
      reason as Error & { cause: Error & { type?: string; details?: unknown[]; cause?: Error & { type?: string } } },
  );
  return error.cause;
}

const script = (taskID: string, what: object) =>
  simulator.control('POST /runs/script', { taskID, durationMs: 0, ...what });
const runsOf = (taskID: string) =>
  callAlgolia<{ runs: { runID: string; status: string }[] }>(simulator, `GET /1/runs?taskID=${taskID}`);
/** How long each call of `awaitRun` was told to wait. */
const waitsOf = async (handle: WorkflowHandle<typeof syncTask>) =>
  ((await handle.fetchHistory()).events ?? []).flatMap(({ activityTaskScheduledEventAttributes: scheduled }) => {
    if (scheduled?.activityType?.name !== 'awaitRun') return [];
    const [input] = scheduled.input?.payloads ?? [];
    return [(JSON.parse(Buffer.from(input?.data ?? []).toString()) as { waitMs: number }).waitMs];
  });
const phase = (handle: WorkflowHandle<typeof syncTask>, wanted: string) =>
  vi.waitFor(async () => expect((await handle.query(syncTaskStatus)).phase).toBe(wanted), {
    timeout: 150_000,
    interval: 50,
  });

describe.concurrent('a run that goes well', () => {
  test('is a success, with its progress, its events and all that the result promises', async () => {
    const { taskID, indexName } = await makeConnector(simulator, { url: records.url });
    const handle = await start({ taskID });
    const result = await handle.result();
    expect(result).toMatchObject({
      taskID,
      adopted: false,
      verdict: 'success',
      reasonCode: 'ok',
      progress: { status: 'finished', received: 2, expected: 2 },
      events: { fetch: { succeeded: 1 }, record: { succeeded: 1 } },
      failures: [],
      keyVersion: 'env',
      remoteStillRunning: false,
    });
    expect(result.runs).toEqual([{ runID: result.runID, verdict: 'success', reasonCode: 'ok' }]);
    expect(Date.parse(result.finishedAt)).toBeGreaterThanOrEqual(Date.parse(result.startedAt));
    expect(result).not.toHaveProperty('phase');
    expect(await simulator.control(`GET /indices/${indexName}`)).toMatchObject({ count: 25 });
  });

  test('tells how it goes in Current Details and in the query', async () => {
    const { taskID } = await makeConnector(simulator, { url: records.url });
    const handle = await start({ taskID });
    const { runID } = await handle.result();
    const metadata = await handle.query<{
      currentDetails: string;
      definition: { signalDefinitions: { name: string; description: string }[] };
    }>('__temporal_workflow_metadata');
    expect(metadata.currentDetails).toContain('**success**');
    expect(metadata.currentDetails).toContain(`\`${runID}\``);
    expect(metadata.definition.signalDefinitions.find(({ name }) => name === 'extendDeadline')?.description).toContain(
      '{"by": "30m"}',
    );
    expect(await handle.query(syncTaskStatus)).toMatchObject({ phase: 'done', verdict: 'success', runID });
  });

  test('is found by application, task, run, index and outcome', async () => {
    const { taskID, indexName } = await makeConnector(simulator, { url: records.url });
    const handle = await start({ taskID });
    const { runID } = await handle.result();
    const query = `AlgoliaAppId='DEMOAPP' AND AlgoliaTaskId='${taskID}' AND AlgoliaRunId='${runID}' AND AlgoliaIndex='${indexName}' AND Outcome='success'`;
    await vi.waitFor(async () => {
      const found: string[] = [];
      for await (const { workflowId } of worker.client.workflow.list({ query })) found.push(workflowId);
      expect(found).toEqual([handle.workflowId]);
    }, PATIENCE);
  });
});

describe.concurrent('a run that ends', () => {
  test.for([
    { outcome: 'failure', reasonCode: 'too_many_errors', verdict: 'partial' },
    { outcome: 'failure', reasonCode: 'lacking_events', verdict: 'partial' },
    { outcome: 'failure', reasonCode: 'blocking', verdict: 'blocked' },
    { outcome: 'failure', reasonCode: 'critical', verdict: 'critical' },
    { outcome: 'failure', reasonCode: 'cancelled', verdict: 'cancelled' },
    { outcome: 'failure', reasonCode: 'idle', verdict: 'stuck' },
    { outcome: 'failure', reasonCode: 'ok', verdict: 'critical' },
    { outcome: 'failure', reasonCode: 'not_known_yet', verdict: 'critical' },
    { status: 'skipped', reasonCode: 'idle', verdict: 'skipped' },
  ])('with $reasonCode is $verdict, and the workflow fails', async ({ verdict, ...end }) => {
    const { taskID } = await makeConnector(simulator);
    await script(taskID, { ...end, reason: 'as Algolia puts it' });
    const failure = await failureOf(await start({ taskID, newRuns: 0 }));
    expect(failure).toMatchObject({ type: 'SyncFailed', message: `${verdict}: as Algolia puts it` });
    expect(failure.details?.[0]).toMatchObject({
      taskID,
      verdict,
      reasonCode: end.reasonCode,
      remoteStillRunning: false,
    });
  });

  test('well although events failed is partial, and names the first failures', async () => {
    const { taskID } = await makeConnector(simulator);
    const failed = { type: 'record', status: 'failed', batchSize: 3, data: { message: 'too large' } };
    await script(taskID, { events: [{}, failed, { ...failed, status: 'critical' }, failed] });
    const result = await sync({ taskID, maxFailures: 2 });
    expect(result).toMatchObject({ verdict: 'partial', events: { record: { succeeded: 1, failed: 2, critical: 1 } } });
    expect(result.reason).toContain('3 of its 4 events failed');
    expect(result.failures).toHaveLength(2);
    expect(result.failures[0]).toMatchObject({
      type: 'record',
      status: 'failed',
      batchSize: 3,
      data: '{"message":"too large"}',
    });
  });

  test('badly although some records were written is partial for a code that nobody knows', async () => {
    const { taskID } = await makeConnector(simulator);
    await script(taskID, { outcome: 'failure', reasonCode: 'not_known_yet', events: [{}] });
    expect(await sync({ taskID })).toMatchObject({ verdict: 'partial', reasonCode: 'not_known_yet' });
  });

  test('badly with no events is not taken for an empty one when some failed', async () => {
    const { taskID } = await makeConnector(simulator);
    await script(taskID, {
      outcome: 'failure',
      reasonCode: 'no_events',
      events: [{ type: 'fetch', status: 'failed' }],
    });
    expect(await sync({ taskID })).toMatchObject({ verdict: 'critical' });
  });

  test('without ever having an outcome is critical', async () => {
    const { taskID } = await makeConnector(simulator);
    await script(taskID, { neverFinish: true });
    const { runID } = await callAlgolia(simulator, `POST /2/tasks/${taskID}/run`, {});
    const body = { runID, status: 'finished', createdAt: new Date().toISOString() };
    await simulator.control('POST /faults', {
      operation: 'getRun',
      kind: 'status',
      status: 200,
      body,
      times: -1,
      match: { runID },
    });
    expect(await sync({ taskID })).toMatchObject({
      verdict: 'critical',
      reason: "the run finished with the outcome 'none'",
    });
  });

  const noRecords = { outcome: 'success', reasonCode: 'no_events', reason: 'no records' };

  test.for(['ok', 'warn'] as const)(
    'with nothing to ingest is empty, which onEmpty "%s" lets pass',
    async (onEmpty) => {
      const { taskID } = await makeConnector(simulator);
      await script(taskID, noRecords);
      expect(await (await start({ taskID, onEmpty })).result()).toMatchObject({
        verdict: 'empty',
        reasonCode: 'no_events',
      });
    },
  );

  test('with nothing to ingest is empty, which onEmpty "fail" does not let pass', async () => {
    const { taskID } = await makeConnector(simulator);
    await script(taskID, noRecords);
    const failure = await failureOf(await start({ taskID, onEmpty: 'fail' }));
    expect(failure).toMatchObject({ type: 'SyncFailed', message: 'empty: no records' });
  });

  test('for a passing reason is run again, up to newRuns times', async () => {
    const { taskID } = await makeConnector(simulator);
    await script(taskID, { outcome: 'failure', reasonCode: 'internal', times: 2 });
    await script(taskID, { outcome: 'success' });
    const result = await sync({ taskID, newRuns: 2 }, { skipTime: true });
    expect(result.verdict).toBe('success');
    expect(result.runs.map(({ verdict }) => verdict)).toEqual(['transient', 'transient', 'success']);
    expect((await runsOf(taskID)).runs).toHaveLength(3);
  });

  test('for a passing reason each time is transient in the end', async () => {
    const { taskID } = await makeConnector(simulator);
    await script(taskID, { outcome: 'failure', reasonCode: 'internal', times: -1 });
    const result = await sync({ taskID }, { skipTime: true });
    expect(result).toMatchObject({ verdict: 'transient', reasonCode: 'internal' });
    expect(result.runs).toHaveLength(2);
  });

  test('giving up while it waits to run again starts no further run', async () => {
    const { taskID } = await makeConnector(simulator);
    await script(taskID, { outcome: 'failure', reasonCode: 'internal', times: -1 });
    const handle = await start({ taskID, failWorkflow: false });
    await phase(handle, 'pausing');
    await handle.signal(giveUp, { reason: 'enough' });
    expect(await handle.result()).toMatchObject({
      verdict: 'transient',
      reason: expect.stringContaining('given up: enough'),
    });
    expect((await runsOf(taskID)).runs).toHaveLength(1);
  });
});

describe.concurrent('a run that does not end', () => {
  test('is stuck when it makes no progress for too long', async () => {
    const { taskID } = await makeConnector(simulator);
    await script(taskID, { neverProgress: true, neverFinish: true });
    const result = await sync({ taskID, noProgressFor: '700ms' });
    expect(result).toMatchObject({ verdict: 'stuck', remoteStillRunning: true });
    expect(result.reason).toMatch(/^no progress for [1-9]\d* s/);
  });

  test('is stuck when it is never started', async () => {
    const { taskID } = await makeConnector(simulator);
    await script(taskID, { neverStart: true });
    expect(await sync({ taskID, noProgressFor: '700ms' })).toMatchObject({
      verdict: 'stuck',
      progress: { status: 'created' },
    });
  });

  test('is timed out at its deadline, however it goes on', async () => {
    const { taskID } = await makeConnector(simulator);
    await script(taskID, { neverFinish: true, durationMs: 600_000 });
    const result = await sync({ taskID, maxDuration: '800ms' });
    expect(result).toMatchObject({ verdict: 'timedOut', remoteStillRunning: true });
    expect(result.reason).toMatch(/^not finished by 20/);
  });

  test('is waited for by the deadline when its status is one that nobody knows', async () => {
    const { taskID } = await makeConnector(simulator);
    await script(taskID, { neverFinish: true });
    const { runID } = await callAlgolia(simulator, `POST /2/tasks/${taskID}/run`, {});
    await simulator.control('POST /faults', {
      operation: 'getRun',
      kind: 'status',
      status: 200,
      body: { runID, status: 'paused' },
      times: -1,
      match: { runID },
    });
    expect(await sync({ taskID, maxDuration: '3s' })).toMatchObject({
      verdict: 'timedOut',
      adopted: true,
      progress: { status: 'paused' },
      remoteStillRunning: true,
    });
  });

  test.for([
    { message: { reason: 'it is late' }, why: 'it is late' },
    { message: { reason: { it: 'is late' } }, why: 'no reason given' },
  ])('is given up on the signal $message, with the reason', async ({ message, why }) => {
    const { taskID } = await makeConnector(simulator);
    await script(taskID, { neverFinish: true });
    const handle = await start({ taskID, failWorkflow: false });
    await phase(handle, 'running');
    await handle.signal(giveUp.name, message);
    expect(await handle.result()).toMatchObject({
      verdict: 'timedOut',
      reasonCode: 'givenUp',
      reason: `given up: ${why}`,
      remoteStillRunning: true,
    });
  });

  test('is waited for longer on a signal; one that makes no sense changes nothing', async () => {
    const { taskID } = await makeConnector(simulator);
    await script(taskID, { durationMs: 600_000 });
    const handle = await start({ taskID, maxDuration: '1m' });
    await phase(handle, 'running');
    const before = (await handle.query(syncTaskStatus)).deadline ?? '';
    await handle.signal(extendDeadline, { by: 'for ever' });
    await handle.signal(extendDeadline, { by: '999999999d' });
    await handle.signal('extendDeadline');
    await handle.signal(extendDeadline, { by: '10m' });
    await vi.waitFor(async () => {
      const after = (await handle.query(syncTaskStatus)).deadline ?? '';
      expect(Date.parse(after) - Date.parse(before)).toBe(600_000);
    }, PATIENCE);
    const { runID } = await handle.query(syncTaskStatus);
    const waits = await vi.waitFor(async () => {
      const found = await waitsOf(handle);
      expect(found.length).toBeGreaterThan(1);
      return found;
    }, PATIENCE);
    expect(waits[0]).toBeLessThanOrEqual(60_000);
    expect(waits.at(-1)).toBeGreaterThan(300_000);
    await finishRun(runID ?? '');
    await handle.signal(pollNow);
    expect(await handle.result()).toMatchObject({ verdict: 'success' });
  });

  test('is polled at once on a signal', async () => {
    const { taskID } = await makeConnector(simulator);
    await script(taskID, { neverFinish: true });
    const handle = await start({ taskID });
    await phase(handle, 'running');
    const { runID } = await handle.query(syncTaskStatus);
    await simulator.control('POST /runs/' + runID + '/finish', {});
    await handle.signal(pollNow);
    expect(await handle.result()).toMatchObject({ verdict: 'success', runID });
  });
});

/** A run that is going on already, as if somebody else had triggered it, and never ends by itself. */
async function startRunOf(taskID: string): Promise<string> {
  await script(taskID, { neverFinish: true });
  const { runID = '' } = await callAlgolia(simulator, `POST /2/tasks/${taskID}/run`, {});
  return runID;
}
const finishRun = (runID: string, end: object = {}) => simulator.control(`POST /runs/${runID}/finish`, end);

describe.concurrent('polls that fail', () => {
  test('five times in a row fail no run', async () => {
    const { taskID } = await makeConnector(simulator);
    const runID = await startRunOf(taskID);
    await simulator.control('POST /faults', {
      operation: 'getRun',
      kind: 'status',
      status: 500,
      times: 5,
      match: { runID },
    });
    const handle = await start({ taskID });
    await phase(handle, 'running');
    await finishRun(runID);
    expect(await handle.result()).toMatchObject({ verdict: 'success', runID });
  });

  test('for ever are told at the deadline', async () => {
    const { taskID } = await makeConnector(simulator);
    const runID = await startRunOf(taskID);
    await simulator.control('POST /faults', {
      operation: 'getRun',
      kind: 'html',
      status: 503,
      times: -1,
      match: { runID },
    });
    const result = await sync({ taskID, maxDuration: '1s' });
    expect(result).toMatchObject({ verdict: 'timedOut', remoteStillRunning: true });
    expect(result.reason).toContain('the last poll failed: getRun: answered 503');
  });
});

describe.concurrent('a task', () => {
  test('that is disabled is blocked, and nothing is triggered', async () => {
    const { taskID } = await makeConnector(simulator, { task: { enabled: false } });
    expect(await failureOf(await start({ taskID }))).toMatchObject({
      type: 'SyncFailed',
      message: 'blocked: the task is disabled',
    });
    expect((await runsOf(taskID)).runs).toHaveLength(0);
  });

  test('that does not exist fails the workflow with what Algolia says', async () => {
    const { cause } = await failureOf(await start({ taskID: 'no-such-task' }));
    expect(cause).toMatchObject({
      type: 'AlgoliaInvalid',
      message: 'getTask: answered 404: Task no-such-task not found',
    });
  });

  test('that is busy has its run adopted', async () => {
    const { taskID } = await makeConnector(simulator);
    const runID = await startRunOf(taskID);
    const handle = await start({ taskID });
    await phase(handle, 'running');
    await finishRun(runID);
    await handle.signal(pollNow);
    expect(await handle.result()).toMatchObject({ adopted: true, runID, verdict: 'success' });
    expect((await runsOf(taskID)).runs).toHaveLength(1);
  });

  test('that is busy is waited for, then run', async () => {
    const { taskID } = await makeConnector(simulator);
    const other = await startRunOf(taskID);
    await script(taskID, { outcome: 'success' });
    const handle = await start({ taskID, onBusy: 'wait' });
    await phase(handle, 'waiting for another run');
    await finishRun(other, { outcome: 'failure' });
    await handle.signal(pollNow);
    const result = await handle.result();
    expect(result).toMatchObject({ adopted: false, verdict: 'success' });
    expect(result.runID).not.toBe(other);
    expect(result.runs).toHaveLength(1);
  });

  test('that is busy again when the wait is over is waited for again', async () => {
    const { taskID } = await makeConnector(simulator);
    const first = await startRunOf(taskID);
    const handle = await start({ taskID, onBusy: 'wait' });
    await phase(handle, 'waiting for another run');
    const second = await startRunOf(taskID);
    await script(taskID, { outcome: 'success' });
    await finishRun(first);
    await handle.signal(pollNow);
    await vi.waitFor(
      async () => expect(await handle.query(syncTaskStatus)).toMatchObject({ runID: second, adopted: false }),
      PATIENCE,
    );
    await finishRun(second);
    await handle.signal(pollNow);
    expect(await handle.result()).toMatchObject({ adopted: false, verdict: 'success' });
    expect((await runsOf(taskID)).runs).toHaveLength(3);
  });

  test.for([
    { case: 'while another was waited for', onBusy: 'wait', ending: {} },
    { case: 'before a further one', onBusy: 'adopt', ending: { outcome: 'failure', reasonCode: 'internal' } },
  ] as const)('has a run of its own after a lost trigger, not one that began $case', async ({ onBusy, ending }) => {
    const { taskID } = await makeConnector(simulator);
    const first = await startRunOf(taskID);
    const handle = await start({ taskID, onBusy }, { skipTime: true });
    await phase(handle, onBusy === 'wait' ? 'waiting for another run' : 'running');
    const somebodyElses = await startRunOf(taskID);
    await finishRun(somebodyElses);
    await script(taskID, { outcome: 'success' });
    await simulator.control('POST /faults', { operation: 'runTask', kind: 'reset', match: { taskID } });
    await finishRun(first, ending);
    await handle.signal(pollNow);
    const { runID, verdict } = await handle.result();
    expect(verdict).toBe('success');
    expect([first, somebodyElses]).not.toContain(runID);
    expect((await runsOf(taskID)).runs).toHaveLength(3);
  });

  test('that is busy for too long is told of', async () => {
    const { taskID } = await makeConnector(simulator);
    const runID = await startRunOf(taskID);
    expect(await sync({ taskID, onBusy: 'wait', maxDuration: '500ms' })).toMatchObject({
      verdict: 'timedOut',
      runs: [],
    });
    expect((await runsOf(taskID)).runs.map((run) => run.runID)).toEqual([runID]);
  });

  test('that is busy is skipped, which is what was asked for', async () => {
    const { taskID } = await makeConnector(simulator);
    await startRunOf(taskID);
    expect(await (await start({ taskID, onBusy: 'skip' })).result()).toMatchObject({
      verdict: 'skipped',
      reasonCode: 'busy',
    });
    expect((await runsOf(taskID)).runs).toHaveLength(1);
  });

  test('that is busy fails the workflow', async () => {
    const { taskID } = await makeConnector(simulator);
    const runID = await startRunOf(taskID);
    expect(await failureOf(await start({ taskID, onBusy: 'fail' }))).toMatchObject({
      type: 'TaskBusy',
      message: expect.stringContaining(runID),
    });
    expect((await runsOf(taskID)).runs).toHaveLength(1);
  });
});

test('a deadline that is extended before the run has begun is extended all the same', async () => {
  const { taskID } = await makeConnector(simulator);
  await script(taskID, { neverFinish: true });
  const begun = Date.now();
  const handle = await worker.client.workflow.signalWithStart(syncTask, {
    taskQueue: worker.taskQueue,
    workflowId: randomUUID(),
    args: [{ taskID, maxDuration: '1h' }],
    signal: extendDeadline,
    signalArgs: [{ by: '1d' }],
  });
  await phase(handle, 'running');
  const { deadline = '' } = await handle.query(syncTaskStatus);
  expect(Date.parse(deadline) - begun).toBeGreaterThanOrEqual(25 * 3_600_000);
  await handle.signal(giveUp, { reason: 'the end of the test' });
  expect(await failureOf(handle)).toMatchObject({ type: 'SyncFailed' });
});

describe.concurrent('cancelling', () => {
  const memoOf = async (handle: WorkflowHandle<typeof syncTask>) => (await handle.describe()).memo;

  test('while the run goes on says that it still does', async () => {
    const { taskID } = await makeConnector(simulator);
    await script(taskID, { neverFinish: true });
    const handle = await start({ taskID });
    await phase(handle, 'running');
    await handle.cancel();
    await expect(handle.result()).rejects.toThrow('cancelled');
    expect((await handle.describe()).status.name).toBe('CANCELLED');
    const status = await handle.query(syncTaskStatus);
    expect(status).toMatchObject({ verdict: 'cancelled', remoteStillRunning: true, phase: 'done' });
    expect(await memoOf(handle)).toEqual({ remoteStillRunning: true, runID: status.runID });
    expect(simulator.world.tasks.get(taskID)?.enabled).toBe(true);
  });

  test('disables the task if asked to', async () => {
    const { taskID } = await makeConnector(simulator);
    await script(taskID, { neverFinish: true });
    const handle = await start({ taskID, onCancel: 'disableTask' });
    await phase(handle, 'running');
    await handle.cancel();
    await expect(handle.result()).rejects.toThrow('cancelled');
    expect((await handle.query(syncTaskStatus)).reason).toContain('the task is disabled');
    expect(simulator.world.tasks.get(taskID)?.enabled).toBe(false);
  });

  test('while the trigger is under way and its answer is lost finds the run that it started', async () => {
    const { taskID } = await makeConnector(simulator);
    await script(taskID, { neverFinish: true });
    const trigger = hold(simulator, 'runTask', { match: { taskID } });
    const handle = await start({ taskID });
    await trigger.met();
    await phase(handle, 'triggering');
    await handle.cancel();
    trigger.release();
    await expect(handle.result()).rejects.toThrow('cancelled');
    const [run] = (await runsOf(taskID)).runs;
    expect(await handle.query(syncTaskStatus)).toMatchObject({ runID: run?.runID, remoteStillRunning: true });
  });

  test('right after the answer to the trigger was lost waits for the run that this may have started', async () => {
    const { taskID } = await makeConnector(simulator);
    await script(taskID, { neverFinish: true });
    const looks = () =>
      simulator.world.requests.list({ operation: 'listRuns' }).filter(({ query }) => query.taskID === taskID).length;
    await simulator.control('POST /faults', { operation: 'runTask', kind: 'reset', match: { taskID } });
    const handle = await start({ taskID });
    await phase(handle, 'triggering');
    await handle.cancel();
    const looksBefore = looks();
    await vi.waitFor(() => expect(looks()).toBeGreaterThan(looksBefore), PATIENCE);
    const runID = await startRunOf(taskID);
    await expect(handle.result()).rejects.toThrow('cancelled');
    expect(await memoOf(handle)).toEqual({ remoteStillRunning: true, runID });
  });

  test("right after the answer to the trigger was lost says that a run may go on when Algolia can't be asked", async () => {
    const { taskID } = await makeConnector(simulator);
    await simulator.control('POST /faults', { operation: 'runTask', kind: 'loseAnswer', match: { taskID } });
    await simulator.control('POST /faults', {
      operation: 'listRuns',
      kind: 'status',
      after: 2,
      times: -1,
      match: { taskID },
    });
    const handle = await start({ taskID }, { skipTime: true });
    await vi.waitFor(() => expect(simulator.world.runs.by('taskID', taskID)).toHaveLength(1), PATIENCE);
    await handle.cancel();
    await expect(handle.result()).rejects.toThrow('cancelled');
    expect(await memoOf(handle)).toEqual({ remoteStillRunning: true });
    expect((await handle.query(syncTaskStatus)).reason).toBe(
      "cancelled; Algolia can't stop a run that may have begun, so it goes on",
    );
  });

  test('while another run is waited for owns nothing of that run', async () => {
    const { taskID } = await makeConnector(simulator);
    await startRunOf(taskID);
    const handle = await start({ taskID, onBusy: 'wait', onCancel: 'disableTask' });
    await phase(handle, 'waiting for another run');
    await handle.cancel();
    await expect(handle.result()).rejects.toThrow('cancelled');
    expect(await handle.query(syncTaskStatus)).toMatchObject({ verdict: 'cancelled', remoteStillRunning: false });
    expect(simulator.world.tasks.get(taskID)?.enabled).toBe(true);
  });
});

describe('an input that is wrong is refused before anything is sent:', () => {
  const untouched = untouchedApplication();

  test.for([
    { input: undefined, message: 'input: expected object, but it is missing' },
    { input: ['t1'], message: 'input: expected object, received array' },
    { input: {}, message: 'input.taskID: expected string, but it is missing' },
    { input: { taskID: '' }, message: 'input.taskID: an id may not be empty' },
    { input: { taskID: '..' }, message: "input.taskID: an id may not be '.' or '..'" },
    { input: { taskID: 7 }, message: 'input.taskID: expected string, received number' },
    {
      input: { taskID: 't', maxDuraton: '2h' },
      message: 'input.maxDuraton: unknown field (did you mean maxDuration?)',
    },
    {
      input: { taskID: 't', maxDuration: 30 },
      message: 'input.maxDuration: expected a duration such as "30s", "15m", "2h" or "1d"',
    },
    {
      input: { taskID: 't', maxDuration: 'soon' },
      message: 'input.maxDuration: expected a duration such as "30s", "15m", "2h" or "1d"',
    },
    {
      // More than Temporal would keep, if each were told.
      input: Object.fromEntries(Array.from({ length: 150_000 }, (_, index) => [`k${index}`, 1])),
      message: expect.stringMatching(
        /^input\.taskID: .*; input\.k18: unknown field; and 149981 more\. Nothing was sent\.$/,
      ),
    },
    {
      input: { taskID: 't', onBusy: 'queue' },
      message: 'input.onBusy: expected one of "adopt", "wait", "skip", "fail"',
    },
  ])('$message', async ({ input, message }) => {
    expect(await failureOf(await start(input as never, { by: untouched.worker }))).toMatchObject({
      type: 'InvalidInput',
      message: typeof message === 'string' ? `${message}. Nothing was sent.` : message,
    });
    expect(untouched.requests()).toEqual([]);
  });
});

test.each([
  { time: 'an hour', calls: 4, fewerThan: 60 },
  { time: 'a day', calls: 4 + 23 * 2, fewerThan: 400 },
])('a run of $time costs fewer than $fewerThan history events', async ({ calls, fewerThan }) => {
  const { taskID } = await makeConnector(simulator);
  await script(taskID, { neverFinish: true });
  // The first hour takes four calls, any other two.
  let seen = 0;
  const waits = fasterWaits(async ({ runID }) => {
    seen += 1;
    if (seen === calls) await finishRun(runID);
  });
  const fast = await startTestWorker({ simulator, overrides: { interceptors: { activity: [waits] } } });
  try {
    const { taskQueue, client } = fast;
    const args: [SyncTaskInput] = [{ taskID, maxDuration: '25h', noProgressFor: '25h' }];
    const handle = await client.workflow.start(syncTask, { taskQueue, workflowId: randomUUID(), args });
    expect(await handle.result()).toMatchObject({ verdict: 'success' });
    expect(seen).toBe(calls);
    const { events } = await handle.fetchHistory();
    expect(events?.length).toBeLessThan(fewerThan);
  } finally {
    await fast.stop();
  }
});
