import type { WorkflowHandle } from '@temporalio/client';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startSimulator, type Simulator } from '../../simulator/index.ts';
import { syncSource, syncSourceStatus, type SyncSourceInput } from '../../src/workflows/sync-source.ts';
import { callAlgolia, makeConnector } from '../setup/connector.ts';
import { hold } from '../setup/hold.ts';
import { startTestWorker, type TestWorker } from '../setup/start-worker.ts';
import { untouchedApplication } from '../setup/untouched-application.ts';

vi.setConfig({ maxConcurrency: 16 });

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

/** A shop with two tasks. */
async function makeShop({ enabled = true } = {}) {
  const source = { type: 'shopify', input: { shopURL: 'https://shop.example' } };
  const { sourceID, taskID, destinationID } = await makeConnector(simulator, { source, task: { enabled } });
  const second = await callAlgolia(simulator, 'POST /2/tasks', { sourceID, destinationID, action: 'save', enabled });
  await simulator.control(`POST /sources/${sourceID}/records`, { records: [{ objectID: 'p1' }, { objectID: 'p2' }] });
  return { sourceID, tasks: [taskID, second.taskID ?? ''] as const };
}

const start = (input: SyncSourceInput, { client, taskQueue } = worker) =>
  client.workflow.start(syncSource, { taskQueue, workflowId: randomUUID(), args: [input] });

async function failureOf(handle: WorkflowHandle<typeof syncSource>) {
  const error = await handle.result().then(
    () => expect.unreachable('the workflow should have failed'),
    (reason: unknown) => reason as Error & { cause: Error & { type?: string; details?: unknown[] } },
  );
  return error.cause;
}

const script = (taskID: string, what: object) =>
  simulator.control('POST /runs/script', { taskID, durationMs: 0, ...what });
const runsOf = (taskID: string) => simulator.world.runs.by('taskID', taskID);

describe.concurrent('a source', () => {
  test('has every task run once, with a verdict for each', async () => {
    const { sourceID, tasks } = await makeShop();
    const handle = await start({ sourceID });
    const result = await handle.result();
    expect(Object.keys(result.tasks).toSorted()).toEqual(tasks.toSorted());
    for (const taskID of tasks) {
      expect(result.tasks[taskID]).toMatchObject({ verdict: 'success', remoteStillRunning: false, failures: [] });
      expect(runsOf(taskID).map(({ runID }) => runID)).toEqual([result.tasks[taskID]?.runID]);
    }
    const { currentDetails } = await handle.query<{ currentDetails: string }>('__temporal_workflow_metadata');
    expect(currentDetails).toContain(`| \`${tasks[1]}\` |`);
  });

  test('of which one task fails fails the workflow, and tells of all', async () => {
    const { sourceID, tasks } = await makeShop();
    await script(tasks[1], { outcome: 'failure', reasonCode: 'critical', reason: 'the token expired' });
    const failure = await failureOf(await start({ sourceID }));
    expect(failure).toMatchObject({ type: 'SyncFailed', message: '1 of 2 tasks: critical (the token expired)' });
    expect(failure.details?.[0]).toMatchObject({
      tasks: { [tasks[0]]: { verdict: 'success' }, [tasks[1]]: { verdict: 'critical', reasonCode: 'critical' } },
    });
  });

  test('of which one task fails returns so if asked to', async () => {
    const { sourceID, tasks } = await makeShop();
    await script(tasks[0], { neverProgress: true, neverFinish: true });
    const { tasks: verdicts } = await (await start({ sourceID, failWorkflow: false, noProgressFor: '600ms' })).result();
    expect(verdicts).toMatchObject({
      [tasks[0]]: { verdict: 'stuck', remoteStillRunning: true },
      [tasks[1]]: { verdict: 'success' },
    });
  });

  test('of which no task is enabled has not been synced, so it fails', async () => {
    const { sourceID } = await makeShop({ enabled: false });
    const failure = await failureOf(await start({ sourceID }));
    expect(failure).toMatchObject({ type: 'SyncFailed', message: expect.stringContaining('no task of source') });
  });

  test('that cannot be run fails with what Algolia says', async () => {
    const { sourceID } = await makeConnector(simulator);
    await expect(start({ sourceID }).then(failureOf)).resolves.toMatchObject({
      cause: { type: 'AlgoliaInvalid', message: expect.stringContaining("can't be run") },
    });
  });

  test('whose trigger had its answer lost has no task run twice', async () => {
    const { sourceID, tasks } = await makeShop();
    await simulator.control('POST /faults', { operation: 'runSource', kind: 'loseAnswer', match: { sourceID } });
    const result = await (await start({ sourceID })).result();
    for (const taskID of tasks) {
      expect(result.tasks[taskID]).toMatchObject({ verdict: 'success' });
      expect(runsOf(taskID)).toHaveLength(1);
    }
  });

  test('whose trigger had its answer lost is judged by every run, also by one that shows later than the others', async () => {
    const { sourceID, tasks } = await makeShop();
    await script(tasks[1], { outcome: 'failure', reasonCode: 'critical', reason: 'the token expired' });
    await simulator.control('POST /faults', { operation: 'runSource', kind: 'loseAnswer', match: { sourceID } });
    await simulator.control('POST /faults', {
      operation: 'listRuns',
      kind: 'status',
      status: 200,
      body: { runs: [], pagination: {} },
      after: 2,
      times: 2,
      match: { taskID: tasks[1] },
    });
    const failure = await failureOf(await start({ sourceID }));
    expect(failure).toMatchObject({ type: 'SyncFailed', message: '1 of 2 tasks: critical (the token expired)' });
    for (const taskID of tasks) expect(runsOf(taskID)).toHaveLength(1);
  });
});

describe.concurrent('cancelling', () => {
  test('while the runs go on says that they still do', async () => {
    const { sourceID, tasks } = await makeShop();
    for (const taskID of tasks) await script(taskID, { neverFinish: true });
    const handle = await start({ sourceID });
    await vi.waitFor(async () => expect(Object.keys((await handle.query(syncSourceStatus)).tasks)).toHaveLength(2), {
      timeout: 150_000,
    });
    await handle.cancel();
    await expect(handle.result()).rejects.toThrow('cancelled');
    expect((await handle.query(syncSourceStatus)).tasks[tasks[0]]).toMatchObject({
      verdict: 'cancelled',
      remoteStillRunning: true,
    });
    expect((await handle.describe()).memo).toEqual({ remoteStillRunning: true });
  });

  test('while the trigger is under way finds the runs that it started', async () => {
    const { sourceID, tasks } = await makeShop();
    for (const taskID of tasks) await script(taskID, { neverFinish: true });
    await simulator.control('POST /faults', { operation: 'runSource', kind: 'loseAnswer', match: { sourceID } });
    const wasStarted = () => runsOf(tasks[0]).length === 1;
    const look = hold(simulator, 'listRuns', { match: { taskID: tasks[0] }, applies: wasStarted });
    const handle = await start({ sourceID });
    await look.met();
    await handle.cancel();
    look.release();
    await expect(handle.result()).rejects.toThrow('cancelled');
    expect((await handle.describe()).memo).toEqual({ remoteStillRunning: true });
    expect((await handle.query(syncSourceStatus)).tasks[tasks[0]]).toMatchObject({ remoteStillRunning: true });
  });

  test('right after the answer to the trigger was lost waits for the runs that this may have started', async () => {
    const { sourceID, tasks } = await makeShop();
    for (const taskID of tasks) await script(taskID, { neverFinish: true });
    const looks = () =>
      simulator.world.requests.list({ operation: 'listRuns' }).filter(({ query }) => query.taskID === tasks[0]).length;
    const { id } = await simulator.control<{ id: number }>('POST /faults', {
      operation: 'runSource',
      kind: 'reset',
      match: { sourceID },
    });
    const hits = () => simulator.world.faults.list().find((fault) => fault.id === id)?.hits;
    const handle = await start({ sourceID });
    await vi.waitFor(() => expect(hits()).toBe(1), { timeout: 150_000, interval: 10 });
    await handle.cancel();
    const looksBefore = looks();
    await vi.waitFor(() => expect(looks()).toBeGreaterThan(looksBefore), { timeout: 150_000, interval: 10 });
    await callAlgolia(simulator, `POST /1/sources/${sourceID}/run`, {});
    await expect(handle.result()).rejects.toThrow('cancelled');
    expect((await handle.describe()).memo).toEqual({ remoteStillRunning: true });
  });
});

describe('an input that is wrong is refused before anything is sent:', () => {
  const untouched = untouchedApplication();

  test.for([
    {
      input: { sourceID: 's', newRuns: 1 },
      message:
        'input.newRuns: unknown field (others here: runSourcePayload, maxDuration, noProgressFor, onEmpty, maxFailures, failWorkflow)',
    },
    {
      input: { sourceID: 's', runSourcePayload: { indexToInclude: 'x' } },
      message: 'input.runSourcePayload.indexToInclude: expected array, received string',
    },
  ])('$input', async ({ input, message }) => {
    expect(await failureOf(await start(input as never, untouched.worker))).toMatchObject({
      type: 'InvalidInput',
      message: `${message}. Nothing was sent.`,
    });
    expect(untouched.requests()).toEqual([]);
  });
});
