import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startSimulator, type Simulator } from '../../simulator/index.ts';
import { makeConnector, serveRecords, type RecordServer } from '../setup/connector.ts';
import { startTestWorker, workerEnvironment, type TestWorker } from '../setup/start-worker.ts';
import { cliWith, type Cli } from './run-cli.ts';

let simulator: Simulator;
let records: RecordServer;
let worker: TestWorker;
let cli: Cli;

beforeAll(async () => {
  simulator = await startSimulator({ runSpeed: 10 });
  records = await serveRecords();
  worker = await startTestWorker({ simulator });
  const { TEMPORAL_ADDRESS = '', TASK_QUEUE = '' } = workerEnvironment(simulator, worker.taskQueue);
  cli = cliWith({ TEMPORAL_ADDRESS, TASK_QUEUE });
});
afterAll(async () => {
  await worker?.stop();
  await records?.stop();
  await simulator?.stop();
});

const syncInput = async (url = records.url, more: object = {}) => {
  const { taskID } = await makeConnector(simulator, { url });
  return JSON.stringify({ taskID, ...more });
};

test('a workflow is followed to its end, progress on standard error and its result on standard output', async () => {
  const { code, stdout, stderr, json } = await cli(['start', 'syncTask', await syncInput(), '--wait']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringMatching(/^started syncTask: syncTask-/) });
  expect(json()).toMatchObject({ verdict: 'success', remoteStillRunning: false });
  expect(stdout.startsWith('{')).toBe(true);
  expect(stderr).toMatch(/^(checking|triggering|running|reading events|done)/m);
});

test('a long step is shown with the numbers of its heartbeat, also when a child does it', async () => {
  await simulator.control('POST /clock', { speed: 0.5 });
  try {
    const connector = {
      name: `cli-${randomUUID()}`,
      source: { type: 'json', input: { url: records.url } },
      destination: { type: 'search', input: { indexName: 'cli' } },
      task: { action: 'replace' },
      firstSync: { enabled: true },
    };
    const { code, stderr } = await cli(['start', 'provisionConnector', JSON.stringify(connector), '--wait']);
    expect(code).toBe(0);
    expect(stderr).toMatch(/^syncing for the first time: .* › running: received \d+, expected \d+$/m);
  } finally {
    await simulator.control('POST /clock', { speed: 10 });
  }
});

test('a workflow that fails ends with 1 and says why, as JSON if asked', async () => {
  const unreachable = await syncInput('http://127.0.0.1:9/nothing.json', { newRuns: 0 });
  const told = await cli(['start', 'syncTask', unreachable, '--wait']);
  expect(told).toMatchObject({ code: 1, stdout: '' });
  expect(told.stderr).toMatch(/^SyncFailed: \w+: .*\n {2}taskID: /m);

  const json = await cli(['start', 'syncTask', unreachable, '--wait', '--json']);
  expect(json.code).toBe(1);
  expect(json.json()).toMatchObject({ type: 'SyncFailed', details: { remoteStillRunning: false } });
});

test('wrong input is refused also where no server answers, and a name that is not there is asked for', async () => {
  const nowhere = { TEMPORAL_ADDRESS: '127.0.0.1:9' };
  const wrong = await cli(['start', 'callOperation', '{"operation": "listTask"}'], { env: nowhere });
  expect(wrong).toMatchObject({
    code: 2,
    stderr:
      "callOperation: input.operation: there is no operation 'listTask'. Did you mean listTasks? Nothing was started.\n",
  });
  const rotate = await cli(['key', 'rotate', '--to', 'file:../key'], { env: nowhere });
  expect(rotate.code).toBe(2);
  expect(rotate.stderr).toMatch(/^rotateApiKey: input\.toSecret: the path must be .* Nothing was started\.$/m);
});

test('wrong input is refused before it reaches Temporal, where a credential would stay', async () => {
  const id = `wrong-${randomUUID()}`;
  const wrong = await cli(['start', 'syncTask', '{"taskId": "x"}', '--id', id]);
  expect(wrong).toMatchObject({ code: 2, stdout: '' });
  expect(wrong.stderr).toContain('syncTask: input.taskID: expected string, but it is missing; input.taskId: unknown');

  const connector = {
    name: id,
    source: { type: 'json', input: { url: records.url } },
    destination: { type: 'search', input: { indexName: 'cli' } },
    authentication: { type: 'basic', input: { username: 'ada', password: 'in-the-clear' } },
    task: { action: 'replace' },
  };
  const literal = await cli(['start', 'provisionConnector', JSON.stringify(connector), '--id', id]);
  expect(literal).toMatchObject({ code: 2, stdout: '' });
  expect(literal.stderr).toContain('input.authentication.input.password: a credential may not stand here in the clear');
  expect(literal.stderr).not.toMatch(/in-the-clear|history/);
  await expect(worker.client.workflow.getHandle(id).describe()).rejects.toThrow(/not found/i);
});

test('without --wait it returns at once, and status tells the rest', async () => {
  const id = `sync-${randomUUID()}`;
  const started = await cli(['start', 'syncTask', '-', '--id', id, '--json'], { stdin: await syncInput() });
  expect(started.json()).toEqual({ workflowId: id, runId: expect.any(String), type: 'syncTask' });
  await worker.client.workflow.getHandle(id).result();

  const { code, json } = await cli(['status', id, '--json']);
  expect(code).toBe(0);
  expect(json()).toMatchObject({
    workflowId: id,
    type: 'syncTask',
    status: 'COMPLETED',
    searchAttributes: { Outcome: 'success', AlgoliaAppId: 'DEMOAPP' },
    state: { phase: 'done', verdict: 'success' },
    details: expect.stringContaining('**success**'),
    result: { verdict: 'success' },
  });
  const { stdout } = await cli(['status', id]);
  expect(stdout).toMatch(/^workflow +sync-/);
  expect(stdout).toMatch(/^Outcome +success$/m);
  expect(stdout).toContain('**success**');
});

test('two workflows of one id do not run at once', async () => {
  const id = `sync-${randomUUID()}`;
  const idle = `nobody-${randomUUID()}`;
  const options = { env: { TASK_QUEUE: idle } };
  const first = await cli(['start', 'syncTask', '{"taskID": "x"}', '--id', id], options);
  expect(first).toMatchObject({ code: 0, stdout: `started syncTask: ${id}\n` });
  expect(first.stderr).toContain(`No worker polls the task queue ${idle}`);
  const second = await cli(['start', 'syncTask', '{"taskID": "x"}', '--id', id], options);
  expect(second).toMatchObject({ code: 1, stdout: '' });
  expect(second.stderr).toBe(`A workflow with the id ${id} is running already: \`algolia-ingestion status ${id}\`\n`);
  // In a clone there is no command of that name.
  const env = { ...options.env, npm_lifecycle_event: 'cli' };
  const inClone = await cli(['start', 'syncTask', '{"taskID": "x"}', '--id', id], { env });
  expect(inClone.stderr).toContain(`\`npm run -s cli -- status ${id}\``);

  const status = await cli(['status', id]);
  expect(status.stdout).toContain('No worker answers for it at the moment');
  await worker.client.workflow.getHandle(id).terminate();
  const terminated = await cli(['status', id]);
  expect(terminated.stdout).toMatch(/^status +TERMINATED$/m);
});

test('of a type that no worker has, status says that it stands still and why, not that no worker is there, and so does approve', async () => {
  // As anything but this CLI starts it.
  const handle = await worker.client.workflow.start('SyncTask', {
    workflowId: `sync-${randomUUID()}`,
    taskQueue: worker.taskQueue,
    args: [],
  });
  const failed = async () =>
    (await handle.fetchHistory()).events?.some(({ workflowTaskFailedEventAttributes: of }) => of != null);
  await vi.waitUntil(failed, { timeout: 150_000 });
  const why = "Failed to initialize workflow of type 'SyncTask'";
  const { stdout } = await cli(['status', handle.workflowId]);
  expect(stdout).toContain(`It stands still, as a worker can't take it further: ${why}`);
  expect(stdout).not.toContain('No worker');
  const { json } = await cli(['status', handle.workflowId, '--json']);
  expect(json()).toMatchObject({ status: 'RUNNING', standsStill: expect.stringContaining(why) });
  const approved = await cli(['approve', handle.workflowId, '--as', 'bob@example.com']);
  expect(approved).toMatchObject({
    code: 0,
    stderr: expect.stringContaining(`it stands still, as a worker can't take it further: ${why}`),
  });
  await handle.terminate();
});

test('whoever starts it is on record', async () => {
  const id = `sync-${randomUUID()}`;
  await cli(['start', 'syncTask', '{"taskID": "x"}', '--id', id, '--as', 'ada@example.com']);
  const { events } = await worker.client.workflow.getHandle(id).fetchHistory();
  expect(events?.[0]?.workflowExecutionStartedEventAttributes?.identity).toBe('ada@example.com');
});

test('a workflow type that does not exist suggests those it may have been, and a missing workflow is not found', async () => {
  const near = await cli(['start', 'sync-task', '{}']);
  expect(near).toMatchObject({ code: 2, stderr: 'There is no workflow sync-task. Did you mean syncTask?\n' });
  const status = await cli(['status', 'no-such-workflow']);
  expect(status).toMatchObject({ code: 3, stderr: 'There is no workflow no-such-workflow.\n' });
});
