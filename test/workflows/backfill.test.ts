import type { WorkflowHandle } from '@temporalio/client';
import { randomUUID } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startSimulator, type Simulator } from '../../simulator/index.ts';
import { backfill, backfillStatus, type BackfillInput } from '../../src/workflows/backfill.ts';
import { pause, resume, setParallel } from '../../src/workflows/steps/pace-signals.ts';
import { callAlgolia, makeConnector } from '../setup/connector.ts';
import { failureOf } from '../setup/decide.ts';
import { historiesOfChain, outstandingChildren } from '../setup/outstanding-children.ts';
import { makeRecordsDirectory, type RecordsDirectory } from '../setup/records-directory.ts';
import { startTestWorker, type TestWorker } from '../setup/start-worker.ts';
import { withTimeSkipping } from '../setup/time-skipping.ts';

vi.setConfig({ maxConcurrency: 8 });

let simulator: Simulator;
let worker: TestWorker;
let records: RecordsDirectory;

beforeAll(async () => {
  simulator = await startSimulator({ runMs: 0, quotas: false });
  records = await makeRecordsDirectory();
  worker = await startTestWorker({ simulator, environment: { RECORDS_DIR: records.path } });
});
afterAll(async () => {
  await worker.stop();
  await records.remove();
  await simulator.stop();
});

/** Tasks of one connector, each of which runs as it is told. */
async function makeTasks(count: number, script: object = {}): Promise<{ sourceID: string; taskIDs: string[] }> {
  const { sourceID, destinationID, taskID } = await makeConnector(simulator);
  const taskIDs = [taskID];
  while (taskIDs.length < count) {
    const task = { sourceID, destinationID, action: 'replace' };
    taskIDs.push((await callAlgolia(simulator, 'POST /2/tasks', task)).taskID ?? '');
  }
  for (const id of taskIDs) await scriptRun(id, { durationMs: 0, ...script });
  return { sourceID, taskIDs };
}

const scriptRun = (taskID: string, script: object) =>
  simulator.control('POST /runs/script', { taskID, times: -1, events: [{ status: 'succeeded' }], ...script });
const runsOf = (taskID: string) => simulator.world.runs.by('taskID', taskID);
const finish = (taskID: string) =>
  Promise.all(runsOf(taskID).map(({ runID }) => simulator.control(`POST /runs/${runID}/finish`, {})));
const itemsOf = (taskIDs: readonly string[]) => taskIDs.map((taskID) => ({ taskID }));

const start = (input: BackfillInput, client = worker.client) =>
  client.workflow.start(backfill, {
    taskQueue: worker.taskQueue,
    workflowId: `backfill-${randomUUID()}`,
    args: [input],
  });
const statusOf = (handle: WorkflowHandle<typeof backfill>) => handle.query(backfillStatus);
const until = <T>(look: () => T | Promise<T>) => vi.waitFor(look, { timeout: 150_000, interval: 50 });

describe.concurrent('a backfill', () => {
  test('syncs every item once, never more than maxParallel at a time, and keeps every verdict', async () => {
    const { taskIDs } = await makeTasks(30);
    const handle = await start({ items: itemsOf(taskIDs), maxParallel: 4 });
    const result = await handle.result();
    expect(result).toMatchObject({ total: 30, counts: { success: 30 }, notGood: [], notStarted: 0 });
    for (const taskID of taskIDs) expect(runsOf(taskID)).toHaveLength(1);
    const histories = [await worker.client.workflow.getHandle(handle.workflowId).fetchHistory()];
    expect(outstandingChildren(histories)).toEqual({ started: 30, most: 4 });

    const file = await readFile(join(records.path, result.verdictsRef?.uri.replace('file:', '') ?? ''), 'utf8');
    const verdicts = file
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { taskID: string; verdict: string });
    expect(verdicts.map(({ taskID }) => taskID).toSorted()).toEqual(taskIDs.toSorted());
    expect(new Set(verdicts.map(({ verdict }) => verdict))).toEqual(new Set(['success']));
  });

  test('goes on without its file of verdicts where that can not be written, and says why', async () => {
    const { taskIDs } = await makeTasks(3);
    const handle = await start({ items: itemsOf(taskIDs), maxParallel: 1 });
    const name = `${handle.workflowId}-${handle.firstExecutionRunId}.ndjson`;
    await mkdir(join(records.path, 'backfills', name), { recursive: true });
    const result = await handle.result();
    expect(result).toMatchObject({ counts: { success: 3 }, verdictsLost: expect.stringContaining('EISDIR') });
    expect(result).not.toHaveProperty('verdictsRef');
  });

  test('of the tasks that a filter lets pass takes those that are enabled', async () => {
    const { sourceID, taskIDs } = await makeTasks(120);
    await callAlgolia(simulator, `PUT /2/tasks/${taskIDs[7]}/disable`);
    const handle = await start({ taskFilter: { sourceID: [sourceID] }, maxParallel: 20 });
    await expect(handle.result()).resolves.toMatchObject({ total: 119, counts: { success: 119 } });
    for (const [place, taskID] of taskIDs.entries()) expect(runsOf(taskID)).toHaveLength(place === 7 ? 0 : 1);
  });

  test('goes on in a new history, with what is paused, set and counted', { timeout: 600_000 }, async () => {
    const { sourceID, taskIDs } = await makeTasks(200);
    const handle = await start({ taskFilter: { sourceID: [sourceID] }, maxParallel: 20 });
    await handle.signal(pause);
    // Each is an event, so that the history is long while most is still to be synced.
    for (let signals = 0; signals < 2_000; signals += 100)
      await Promise.all(Array.from({ length: 100 }, () => handle.signal(setParallel, { maxParallel: 30 })));
    await handle.signal(resume);
    const result = await handle.result();
    expect(result).toMatchObject({ total: 200, counts: { success: 200 }, notGood: [] });
    for (const taskID of taskIDs) expect(runsOf(taskID)).toHaveLength(1);
    expect(await statusOf(handle)).toMatchObject({ maxParallel: 30, done: 200 });

    const histories = await historiesOfChain(worker.client, handle.workflowId, handle.firstExecutionRunId);
    expect(histories.length).toBeGreaterThan(1);
    for (const { events } of histories) expect(events?.length).toBeLessThan(5_000);
    expect(outstandingChildren(histories)).toEqual({ started: 200, most: 30 });
    const file = await readFile(join(records.path, result.verdictsRef?.uri.replace('file:', '') ?? ''), 'utf8');
    expect(file.trim().split('\n')).toHaveLength(200);
  });

  test('fails if a verdict is not good, and tells which; asked to, it returns', async () => {
    const { taskIDs } = await makeTasks(3);
    const { taskIDs: failing } = await makeTasks(1, { outcome: 'failure', reasonCode: 'critical', reason: 'no shop' });
    const items = itemsOf([...taskIDs, ...failing]);
    const handle = await start({ items });
    const failure = await failureOf(handle);
    expect(failure).toMatchObject({
      type: 'BackfillFailed',
      message: `1 of 4 came to no good verdict; the first: ${failing[0]}: critical (no shop)`,
    });
    expect(failure.details?.[0]).toMatchObject({
      counts: { success: 3, critical: 1 },
      notGood: [{ taskID: failing[0], verdict: 'critical', workflowId: `${handle.workflowId}/${failing[0]}` }],
    });
    await expect((await start({ items, failWorkflow: false })).result()).resolves.toMatchObject({
      counts: { success: 3, critical: 1 },
    });
  });

  test('tells of an item that comes to no verdict, such as a task that is gone', async () => {
    const gone = randomUUID();
    const handle = await start({ items: [{ taskID: gone }], failWorkflow: false });
    const { counts, notGood } = await handle.result();
    expect(counts).toEqual({ failed: 1 });
    expect(notGood[0]).toMatchObject({ taskID: gone, verdict: 'failed', reason: expect.stringContaining('404') });
  });

  test('starts nothing more after stopAfterFailures', async () => {
    const { taskIDs } = await makeTasks(10, { outcome: 'failure', reasonCode: 'critical', reason: 'no shop' });
    const failure = await failureOf(await start({ items: itemsOf(taskIDs), maxParallel: 1, stopAfterFailures: 2 }));
    expect(failure.message).toContain('stopped after 2 failures, 8 were not started');
    expect(taskIDs.filter((taskID) => runsOf(taskID).length > 0)).toHaveLength(2);
  });

  test('syncs sources too, with a verdict for each of their tasks', async () => {
    const source = { type: 'shopify', input: { shopURL: 'https://shop.example' } };
    const { sourceID, taskID } = await makeConnector(simulator, { source });
    await simulator.control(`POST /sources/${sourceID}/records`, { records: [{ objectID: 'p1' }] });
    const handle = await start({ items: [{ sourceID }] });
    const { counts, verdictsRef } = await handle.result();
    expect(counts).toEqual({ success: 1 });
    const file = await readFile(join(records.path, verdictsRef?.uri.replace('file:', '') ?? ''), 'utf8');
    expect(JSON.parse(file)).toMatchObject({ sourceID, verdict: 'success', tasks: { [taskID]: 'success' } });
  });

  test('starts nothing while it is paused, and as many as it is told to', async () => {
    const { taskIDs } = await makeTasks(6, { neverFinish: true });
    const handle = await start({ items: itemsOf(taskIDs), maxParallel: 1 });
    await until(async () =>
      expect(await statusOf(handle)).toMatchObject({ phase: 'syncing', running: itemsOf([taskIDs[0] ?? '']) }),
    );
    await handle.signal(setParallel, { maxParallel: 3 });
    await until(async () => expect((await statusOf(handle)).running).toHaveLength(3));

    await handle.signal(pause);
    await until(async () => expect(await statusOf(handle)).toMatchObject({ phase: 'paused' }));
    for (const taskID of taskIDs.slice(0, 3)) await until(() => expect(runsOf(taskID)).toHaveLength(1));
    for (const taskID of taskIDs.slice(0, 3)) await finish(taskID);
    await until(async () => expect(await statusOf(handle)).toMatchObject({ done: 3, running: [], notStarted: 3 }));

    await handle.signal(resume);
    for (const taskID of taskIDs.slice(3)) await until(() => expect(runsOf(taskID)).toHaveLength(1));
    expect((await statusOf(handle)).eta).toMatch(/^20/);
    for (const taskID of taskIDs.slice(3)) await finish(taskID);
    await expect(handle.result()).resolves.toMatchObject({ counts: { success: 6 } });
  });

  test('ignores a setParallel that makes no sense', async () => {
    const { taskIDs } = await makeTasks(1, { neverFinish: true });
    const handle = await start({ items: itemsOf(taskIDs) });
    for (const message of [undefined, {}, { maxParallel: 0 }, { maxParallel: 'many' }, { maxParallel: 1e6 }])
      await handle.signal(setParallel, message as never);
    await until(() => expect(runsOf(taskIDs[0] ?? '')).toHaveLength(1));
    expect(await statusOf(handle)).toMatchObject({ maxParallel: 2 });
    await finish(taskIDs[0] ?? '');
    await handle.result();
  });

  test('that is cancelled cancels its syncs and says what was not started', async () => {
    const { taskIDs } = await makeTasks(5, { neverFinish: true });
    const handle = await start({ items: itemsOf(taskIDs), maxParallel: 2 });
    for (const taskID of taskIDs.slice(0, 2)) await until(() => expect(runsOf(taskID)).toHaveLength(1));
    await handle.cancel();
    expect(await failureOf(handle)).toMatchObject({ name: 'CancelledFailure' });
    expect(await statusOf(handle)).toMatchObject({ phase: 'cancelled', counts: { cancelled: 2 }, notStarted: 3 });
    expect((await handle.describe()).memo).toMatchObject({ counts: { cancelled: 2 }, notStarted: 3 });
    const child = worker.client.workflow.getHandle(`${handle.workflowId}/${taskIDs[0]}`);
    expect((await child.describe()).status.name).toBe('CANCELLED');
    expect((await child.describe()).memo).toMatchObject({ remoteStillRunning: true });
  });

  test('lists its syncs by their parent and outcome', async () => {
    const { taskIDs } = await makeTasks(2);
    const { taskIDs: failing } = await makeTasks(1, { outcome: 'failure', reasonCode: 'critical' });
    const handle = await start({ items: itemsOf([...taskIDs, ...failing]), failWorkflow: false });
    await handle.result();
    const query = `ParentWorkflowId = '${handle.workflowId}' AND Outcome != 'success'`;
    await until(async () => {
      const found = [];
      for await (const { workflowId } of worker.client.workflow.list({ query })) found.push(workflowId);
      expect(found).toEqual([`${handle.workflowId}/${failing[0]}`]);
    });
  });

  test('keeps to a pause between starts, and to its window', async () => {
    const { taskIDs } = await makeTasks(3);
    const hour = (shift: number) => `${String((new Date().getUTCHours() + shift) % 24).padStart(2, '0')}:00`;
    const window = { from: hour(3), to: hour(5), timezone: 'UTC' };
    const handle = await start({ items: itemsOf(taskIDs), window, between: '10m' }, withTimeSkipping(worker.client));
    await handle.result();
    const starts = (await handle.fetchHistory()).events
      ?.filter(({ startChildWorkflowExecutionInitiatedEventAttributes: attributes }) => attributes)
      .map(({ eventTime }) => new Date(Number(eventTime?.seconds) * 1_000));
    expect(starts?.map((at) => at.toISOString().slice(11, 15))).toEqual(
      ['0', '1', '2'].map((ten) => `${window.from.slice(0, 3)}${ten}`),
    );
  });
});

describe.concurrent('the input of a backfill', () => {
  const mistakes: [string, unknown, string][] = [
    ['no items', {}, 'input.items: name what to sync: either items or taskFilter'],
    ['both', { items: [{ taskID: 'a' }], taskFilter: {} }, 'either items or taskFilter'],
    [
      'an item twice',
      { items: [{ taskID: 'a' }, { taskID: 'a' }] },
      'input.items[1]: task a stands in items[0] already',
    ],
    ['an unknown field of an item', { items: [{ taskID: 'a', onBsy: 'skip' }] }, 'input.items[0].onBsy: unknown field'],
    ['an unknown filter', { taskFilter: { name: 'x' } }, 'input.taskFilter.name: unknown field'],
    [
      'a time zone',
      { taskFilter: {}, window: { from: '22:00', to: '6:00', timezone: 'Mars' } },
      'such as "Europe/Berlin"',
    ],
    [
      'more bytes than can be handed on, in fewer characters',
      { items: [{ taskID: 'a', runMetadata: { note: '検'.repeat(510_000) } }] },
      'input.items: more than 1.5 MB',
    ],
    ['too many at a time', { taskFilter: {}, maxParallel: 1_000 }, 'input.maxParallel'],
  ];
  test.for(mistakes)('is refused at once: %s', async ([, input, message]) => {
    const failure = await failureOf(await start(input as BackfillInput));
    expect(failure).toMatchObject({ type: 'InvalidInput', message: expect.stringContaining(message) });
  });

  test('is one: a second, which is what a run hands on to the next, is refused', async () => {
    const { taskIDs } = await makeTasks(1);
    const handle = await worker.client.workflow.start('backfill', {
      taskQueue: worker.taskQueue,
      workflowId: `backfill-${randomUUID()}`,
      args: [{ items: itemsOf(taskIDs) }, { total: 1 }],
    });
    expect(await failureOf(handle)).toMatchObject({
      type: 'InvalidInput',
      message: expect.stringContaining('takes one JSON object'),
    });
    expect(runsOf(taskIDs[0] ?? '')).toHaveLength(0);
  });
});
