import { ScheduleNotFoundError } from '@temporalio/client';
import { msToTs, tsToDate } from '@temporalio/common/lib/time.js';
import { Cron } from 'croner';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { startSimulator, type Simulator } from '../../simulator/index.ts';
import type { ListedSchedule } from '../../src/cli/schedules-list.ts';
import { listIds } from '../../src/schedules/plan-schedules.ts';
import { makeConnector } from '../setup/connector.ts';
import { startTestWorker, workerEnvironment, type TestWorker } from '../setup/start-worker.ts';
import { cliWith, type Cli } from './run-cli.ts';

let simulator: Simulator;
let worker: TestWorker;
let cli: Cli;
let directory: string;
let file: string;
let project: string;

beforeAll(async () => {
  simulator = await startSimulator({ runMs: 0 });
  worker = await startTestWorker({ simulator });
  directory = await mkdtemp(join(tmpdir(), 'schedules-'));
  const { TEMPORAL_ADDRESS = '', TEMPORAL_NAMESPACE = '' } = workerEnvironment(simulator, worker.taskQueue);
  cli = cliWith({ TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TASK_QUEUE: worker.taskQueue });
});
beforeEach(() => {
  file = join(directory, `${randomUUID()}.yaml`);
  project = `p-${randomUUID()}`;
});
afterAll(async () => {
  for await (const { scheduleId } of worker.client.schedule.list())
    if (scheduleId.startsWith('p-')) await handleOf(scheduleId).delete();
  await worker.stop();
  await Promise.all([simulator.stop(), rm(directory, { recursive: true })]);
});

const handleOf = (scheduleId: string) => worker.client.schedule.getHandle(scheduleId);
const write = (schedules: string) => writeFile(file, `project: ${project}\nschedules:\n${schedules}`);
const apply = (...options: string[]) => cli(['schedules', 'apply', file, ...options]);
const listed = async () => {
  const { stdout, stderr } = await cli(['schedules', 'list', file, '--json']);
  expect(stderr).toBe('');
  return JSON.parse(stdout) as ListedSchedule[];
};

const CALL = 'workflow: callOperation, input: {operation: listRuns, params: {status: [started]}}';

test('applies a file, shows what it does, and does nothing the second time', async () => {
  await write(`
  - {id: nightly, cron: '0 3 * * MON-FRI', timezone: Europe/Berlin, jitter: 5m, ${CALL}, note: for the shop}
  - {id: often, every: 15m, ${CALL}, overlap: bufferOne, catchupWindow: 1h, pauseOnFailure: true}
  - {id: resting, every: 1h, ${CALL}, paused: true}`);
  const dry = await apply('--dry-run');
  expect(dry).toMatchObject({ code: 0 });
  expect(dry.stdout).toContain(`+ ${project}/nightly: callOperation, cron 0 3 * * 1-5 (Europe/Berlin)`);
  expect(dry.stdout).toContain('Nothing was changed: --dry-run.');
  await expect(handleOf(`${project}/nightly`).describe()).rejects.toThrow(ScheduleNotFoundError);

  expect((await apply()).stdout).toContain('3 created, 0 updated, 0 deleted, 0 unchanged');
  const { spec, policies, state, action } = await handleOf(`${project}/nightly`).describe();
  expect({ spec, policies, state, action }).toMatchObject({
    spec: { timezone: 'Europe/Berlin', jitter: 300_000 },
    policies: { overlap: 'SKIP', catchupWindow: 600_000, pauseOnFailure: false },
    state: { paused: false, note: 'for the shop' },
    action: { workflowType: 'callOperation', taskQueue: worker.taskQueue, workflowId: `${project}/nightly` },
  });
  expect((await apply()).stdout).toBe('0 created, 0 updated, 0 deleted, 3 unchanged\n');
  expect((await listed()).map(({ state: its }) => its)).toEqual(['fine', 'fine', 'fine']);
});

test('what was edited by hand is drift, and is put right', async () => {
  await write(`
  - {id: a, cron: '0 3 * * *', ${CALL}}
  - {id: b, every: 15m, ${CALL}}`);
  await apply();
  await handleOf(`${project}/a`).update((schedule) => ({
    ...schedule,
    spec: { cronExpressions: ['30 4 * * *'], endAt: new Date('2030-01-01') },
    policies: { ...schedule.policies, catchupWindow: '365 days' },
    action: { ...schedule.action, args: [{ operation: 'listTasks' }] },
  }));
  const { stdout } = await cli(['schedules', 'list', file]);
  expect(stdout).toMatch(new RegExp(`${project}/a +drift +cron 30 4 \\* \\* \\* \\(UTC\\)`));
  expect(stdout).toContain(`${project}/a: when is cron 30 4 * * *, and the file says cron 0 3 * * *`);
  expect(stdout).toContain('limits is not after 2030-01-01T00:00:00.000Z, and the file says none');
  const [first, second] = await listed();
  expect(first?.differences.map(({ field }) => field)).toEqual(['when', 'limits', 'input', 'catchupWindow']);
  expect(second).toMatchObject({ state: 'fine', when: 'every 15m (UTC)' });

  const applied = await apply();
  expect(applied.stdout).toContain('    catchupWindow: 8760h → 10m');
  expect(applied.stdout).toContain('0 created, 1 updated, 0 deleted, 1 unchanged');
  expect((await apply()).stdout).toBe('0 created, 0 updated, 0 deleted, 2 unchanged\n');
});

test('a pause made by hand stays, unless the file says otherwise', async () => {
  await write(`  - {id: a, every: 1h, ${CALL}, note: mine}`);
  await apply();
  await handleOf(`${project}/a`).pause('the shop moves house');
  expect((await apply()).stdout).toContain('1 unchanged');
  expect(await listed()).toMatchObject([{ state: 'fine', paused: true, note: 'the shop moves house', next: [] }]);

  await write(`  - {id: a, every: 1h, ${CALL}, note: mine, paused: false}`);
  expect((await apply()).stdout).toContain('    paused: true → false');
  expect(await listed()).toMatchObject([{ paused: false, note: 'mine' }]);

  await write(`  - {id: a, every: 1h, ${CALL}, note: mine, paused: true}`);
  await apply();
  expect(await listed()).toMatchObject([{ paused: true, note: 'paused by its file: mine' }]);
  await write(`  - {id: a, every: 1h, ${CALL}, note: mine}`);
  await apply();
  expect(await listed()).toMatchObject([{ paused: false, note: 'mine' }]);
});

test('what is not in the file any more is deleted only with --prune, and only of the same project', async () => {
  await write(`
  - {id: a, every: 1h, ${CALL}}
  - {id: b, every: 1h, ${CALL}}`);
  await apply();
  await write(`  - {id: a, every: 1h, ${CALL}}`);
  await expect
    .poll(async () => (await apply('--dry-run')).stdout, { timeout: 150_000 })
    .toContain(`? ${project}/b is not in the file; --prune deletes it`);
  expect(await listed()).toMatchObject([{ state: 'fine' }, { scheduleId: `${project}/b`, state: 'foreign' }]);
  await handleOf(`${project}/b`).describe();
  const pruned = await apply('--prune');
  expect(pruned.stdout).toBe(`- ${project}/b\n0 created, 0 updated, 1 deleted, 1 unchanged\n`);
  await expect(handleOf(`${project}/b`).describe()).rejects.toThrow(ScheduleNotFoundError);
});

test('a task with a cron of its own is refused, or its cron is cleared', async () => {
  const { taskID } = await makeConnector(simulator, { task: { cron: '0 5 * * *', failureThreshold: 7 } });
  const nightly = `id: nightly, every: 24h, workflow: syncTask, input: {taskID: ${taskID}}`;
  await write(`  - {${nightly}}`);
  const refused = await apply();
  expect(refused).toMatchObject({
    code: 1,
    stderr: expect.stringContaining(`Two owners run a task twice: ${taskID} (nightly)`),
  });
  expect(refused.stdout).toContain(`! task ${taskID} of nightly runs at Algolia by its own cron, 0 5 * * *`);
  await expect(handleOf(`${project}/nightly`).describe()).rejects.toThrow(ScheduleNotFoundError);

  await write(`  - {${nightly}, takeOverCron: true}`);
  const { stdout, code } = await apply();
  expect({ stdout, code }).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('its own cron at Algolia, 0 5 * * *, is CLEARED'),
  });
  const task = simulator.world.tasks.get(taskID);
  expect(task).toMatchObject({ enabled: true, failureThreshold: 7 });
  expect(task?.cron).toBeUndefined();
  expect((await apply()).stdout).toBe('0 created, 0 updated, 0 deleted, 1 unchanged\n');
});

test('a task or source that is not there is told, and no reason to change nothing', async () => {
  const { taskID } = await makeConnector(simulator);
  await write(`
  - {id: a, every: 24h, workflow: syncTask, input: {taskID: ${taskID}}}
  - {id: b, every: 24h, workflow: backfill, input: {items: [{taskID: ${taskID}}, {taskID: no-task}, {sourceID: no-source}]}}`);
  const { stdout, code } = await apply('--dry-run');
  expect(stdout).toContain('! task no-task of b is not there at Algolia: its sync fails until it is\n');
  expect(stdout).toContain('! source no-source of b is not there at Algolia');
  expect({ code, told: stdout.match(/^!/gm) }).toEqual({ code: 0, told: ['!', '!'] });
  const { json } = await apply('--json');
  expect(json()).toMatchObject({
    created: 2,
    missing: [
      { missing: 'source', id: 'no-source', scheduleId: `${project}/b` },
      { missing: 'task', id: 'no-task', scheduleId: `${project}/b` },
    ],
  });
});

test('a schedule starts its workflow, and the list tells the last result and the next runs', async () => {
  await write(`  - {id: hourly, every: 1h, ${CALL}}`);
  await apply();
  await handleOf(`${project}/hourly`).trigger();
  await expect
    .poll(async () => (await listed())[0], { timeout: 150_000 })
    .toMatchObject({ state: 'fine', taken: 1, missed: 0, skipped: 0, last: { status: 'completed' } });
  const [only] = await listed();
  expect(only?.last?.workflowId).toMatch(new RegExp(`^${project}/hourly-20`));
  expect(only?.next).toHaveLength(3);
  expect((await cli(['schedules', 'list'])).stdout).toContain(`${project}/hourly`);
});

test('a cron is due when its time zone says so, through a year of changing clocks', async () => {
  const crons = ['0 3 * * *', '*/20 22-23 * * 1-5', '15 6 1,15 2-11/3 *', '0 12 31 * *'];
  const timezone = 'Europe/Berlin';
  await write(crons.map((cron, n) => `  - {id: c${n}, cron: '${cron}', timezone: ${timezone}, ${CALL}}`).join('\n'));
  await apply();
  const [from, until] = [new Date('2027-01-01T00:00:00Z'), new Date('2028-01-01T00:00:00Z')];
  const { namespace } = worker.client.options;
  for (const [n, cron] of crons.entries()) {
    const wanted = new Cron(cron, { timezone, paused: true }).nextRuns(10_000, from).filter((at) => at < until);
    const due: string[] = [];
    // The server lists a thousand at most.
    for (let month = 0; month < 12; month += 1) {
      const { startTime } = await worker.client.workflowService.listScheduleMatchingTimes({
        namespace,
        scheduleId: `${project}/c${n}`,
        startTime: msToTs(Date.UTC(2027, month)),
        endTime: msToTs(Date.UTC(2027, month + 1) - 1),
      });
      due.push(...(startTime ?? []).map((at) => tsToDate(at).toISOString()));
    }
    expect(due).toEqual(wanted.map((at) => at.toISOString()));
  }
});

test('a year of starts is counted, each once, and what was skipped is told', async () => {
  const { taskID } = await makeConnector(simulator);
  const deletion = `{operation: deleteTask, params: {taskID: ${taskID}}, confirm: deleteTask}`;
  await write(`
  - {id: daily, every: 1d, ${CALL}, overlap: allowAll}
  - {id: single, every: 1d, workflow: callOperation, input: ${deletion}}`);
  await apply();
  const day = 24 * 3_600_000;
  const end = new Date(Math.floor(Date.now() / day) * day);
  const year = { start: new Date(end.getTime() - 365 * day + 1), end };
  await handleOf(`${project}/daily`).backfill({ ...year, overlap: 'ALLOW_ALL' });
  const takenOf = async (id: string) => (await handleOf(`${project}/${id}`).describe()).info.numActionsTaken;
  await expect.poll(() => takenOf('daily'), { timeout: 150_000, interval: 200 }).toBe(365);
  // A run that waits for approval is still going on when the next is due.
  await handleOf(`${project}/single`).backfill({ start: new Date(end.getTime() - 10 * day + 1), end, overlap: 'SKIP' });
  await expect.poll(() => takenOf('single'), { timeout: 150_000 }).toBe(1);
  const [daily, single] = await listed();
  expect(daily).toMatchObject({ state: 'fine', taken: 365, missed: 0, skipped: 0 });
  expect(single).toMatchObject({ taken: 1, skipped: 9, running: [expect.stringContaining(`${project}/single-20`)] });
  await worker.client.workflow.getHandle(single?.running[0] ?? '').terminate();
});

test('a year of weekly syncs of which some fail runs each once, in turn, and counts what failed', async () => {
  const { taskID } = await makeConnector(simulator);
  const weeks = 52;
  const failing = [3, 17, 18, 40];
  for (let week = 0; week < weeks; week += 1) {
    const outcome = failing.includes(week) ? { outcome: 'failure', reasonCode: 'critical', reason: 'no shop' } : {};
    await simulator.control('POST /runs/script', { taskID, durationMs: 0, events: [{}], ...outcome });
  }
  await write(`
  - {id: weekly, every: 7d, workflow: syncTask, input: {taskID: ${taskID}, newRuns: 0}, overlap: bufferAll}`);
  await apply();
  const week = 7 * 24 * 3_600_000;
  const end = new Date(Math.floor(Date.now() / week) * week);
  const year = { start: new Date(end.getTime() - weeks * week + 1), end };
  await handleOf(`${project}/weekly`).backfill({ ...year, overlap: 'BUFFER_ALL' });
  const look = async () => (await listed())[0];
  await expect.poll(look, { timeout: 120_000, interval: 1_000 }).toMatchObject({ taken: weeks, running: [] });
  expect(await look()).toMatchObject({ state: 'fine', paused: false, missed: 0, skipped: 0 });
  const runs = simulator.world.runs.by('taskID', taskID);
  expect(runs).toHaveLength(weeks);
  const startsWith = `WorkflowId STARTS_WITH '${project}/weekly'`;
  const countOf = async (status: string) =>
    (await worker.client.workflow.count(`${startsWith} AND ExecutionStatus = '${status}'`)).count;
  await expect.poll(() => countOf('Failed'), { timeout: 150_000 }).toBe(failing.length);
  await expect.poll(() => countOf('Completed'), { timeout: 150_000 }).toBe(weeks - failing.length);
  // In turn: none began before the one before it was over.
  for (const [place, run] of runs.slice(1).entries())
    expect(run.createdAt >= (runs[place]?.finishedAt ?? '')).toBe(true);
}, 200_000);

test('a failure pauses the schedule that says so: nothing more is started until somebody ends that', async () => {
  const { taskID } = await makeConnector(simulator);
  const failure = { outcome: 'failure', reasonCode: 'critical', reason: 'no shop' };
  await simulator.control('POST /runs/script', { taskID, times: -1, durationMs: 0, events: [{}], ...failure });
  await write(`
  - {id: often, every: 1s, workflow: syncTask, input: {taskID: ${taskID}, newRuns: 0}, pauseOnFailure: true, overlap: skip}`);
  await apply();
  const look = async () => (await listed())[0];
  await expect.poll(look, { timeout: 150_000 }).toMatchObject({ paused: true, running: [], next: [], state: 'fine' });
  const paused = await look();
  expect(paused).toMatchObject({ missed: 0, note: expect.stringContaining('failure'), last: { status: 'failed' } });
  // Applied again, a pause is nothing to be put right.
  expect((await apply()).stdout).toContain('0 created, 0 updated, 0 deleted, 1 unchanged');
  expect(await look()).toMatchObject({ paused: true, taken: paused?.taken });
  expect(simulator.world.runs.by('taskID', taskID)).toHaveLength(paused?.taken ?? -1);

  await handleOf(`${project}/often`).unpause();
  await expect
    .poll(async () => (await look())?.taken, { timeout: 150_000 })
    .toBeGreaterThan(paused?.taken ?? Number.POSITIVE_INFINITY);
}, 200_000);

test('deletes the schedules of a file, and no others', async () => {
  await write(`
  - {id: a, every: 1h, ${CALL}}
  - {id: b, every: 1h, ${CALL}}`);
  await apply();
  await write(`  - {id: a, every: 1h, ${CALL}}`);
  expect((await cli(['schedules', 'delete', file, '--dry-run'])).stdout).toBe(
    `- ${project}/a\nNothing was changed: --dry-run.\n`,
  );
  expect((await cli(['schedules', 'delete', file])).stdout).toBe(`- ${project}/a\n1 deleted\n`);
  await expect(handleOf(`${project}/a`).describe()).rejects.toThrow(ScheduleNotFoundError);
  await handleOf(`${project}/b`).describe();
});

test('a wrong file is usage, with every mistake at its place', async () => {
  await write(`
  - {id: a, cron: 0 3 * *, ${CALL}}
  - {id: b, every: 1h, workflow: syncTask, input: {taskId: x}}`);
  const { code, stderr } = await apply();
  expect(code).toBe(2);
  expect(stderr).toContain(`${file}:\n`);
  expect(stderr).toContain('schedules[0].cron: expected five fields');
  expect(stderr).toContain('schedules[1].input.taskId: unknown field');
});

test('what other queues are started with may be written as nobody here can read', async () => {
  await write(`  - {id: own, every: 1h, ${CALL}}`);
  await apply();
  const unreadable = { metadata: { encoding: Buffer.from('binary/of-others') }, data: Buffer.from('?') };
  const create = (scheduleId: string, taskQueue: string) =>
    worker.client.workflowService.createSchedule({
      namespace: worker.client.options.namespace,
      scheduleId,
      requestId: randomUUID(),
      schedule: {
        spec: { interval: [{ interval: msToTs('5h') }] },
        action: {
          startWorkflow: {
            workflowId: scheduleId,
            workflowType: { name: 'theirs' },
            taskQueue: { name: taskQueue },
            input: { payloads: [unreadable] },
          },
        },
      },
    });
  await create(`${project}/theirs`, `elsewhere-${randomUUID()}`);
  // Temporal's list lags behind.
  await expect
    .poll(() => listIds(worker.client, `${project}/`), { timeout: 150_000 })
    .toEqual([`${project}/own`, `${project}/theirs`]);
  const list = await cli(['schedules', 'list']);
  expect(list).toMatchObject({ code: 0, stderr: '' });
  expect(list.stdout).toContain(`${project}/own`);
  expect(list.stdout).not.toContain(`${project}/theirs`);

  await create(`${project}/unreadable`, worker.taskQueue);
  await expect
    .poll(async () => (await cli(['schedules', 'list'])).stderr, { timeout: 150_000 })
    .toContain('binary/of-others');
  await handleOf(`${project}/unreadable`).delete();
});

test('without a worker nobody can look for crons', async () => {
  await write(`  - {id: a, every: 1h, workflow: syncTask, input: {taskID: t}}`);
  const env = { TASK_QUEUE: `nobody-${randomUUID()}` };
  const looked = await cli(['schedules', 'apply', file, '--dry-run'], { env });
  expect(looked).toMatchObject({ code: 0, stderr: expect.stringContaining('was not looked at') });
  await write(`  - {id: a, every: 1h, workflow: syncTask, input: {taskID: t}, takeOverCron: true}`);
  const refused = await cli(['schedules', 'apply', file], { env });
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('Nothing was changed') });
});
