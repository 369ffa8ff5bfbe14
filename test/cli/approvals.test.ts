import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startSimulator, type Simulator } from '../../simulator/index.ts';
import { makeConnector } from '../setup/connector.ts';
import { startTestWorker, workerEnvironment, type TestWorker } from '../setup/start-worker.ts';
import { cliWith, type Cli } from './run-cli.ts';

let simulator: Simulator;
let worker: TestWorker;
let cli: Cli;

beforeAll(async () => {
  simulator = await startSimulator();
  worker = await startTestWorker({ simulator });
  const { TEMPORAL_ADDRESS = '', TASK_QUEUE = '' } = workerEnvironment(simulator, worker.taskQueue);
  cli = cliWith({ TEMPORAL_ADDRESS, TASK_QUEUE });
});
afterAll(async () => {
  await worker?.stop();
  await simulator?.stop();
});

interface Waiting {
  readonly workflowId: string;
  readonly approval: { readonly planHash: string; readonly title: string; readonly requesters: string[] };
}

const destinations = async () =>
  (await simulator.control<{ destinations: { destinationID: string }[] }>('GET /state')).destinations.map(
    ({ destinationID }) => destinationID,
  );

/** A delete that ada asks for, waiting for somebody else. */
async function askToDelete(): Promise<Waiting & { destinationID: string }> {
  const { taskID, destinationID } = await makeConnector(simulator);
  await cli(['call', 'deleteTask', JSON.stringify({ taskID })]);
  const id = `delete-${randomUUID()}`;
  const input = { operation: 'deleteDestination', params: { destinationID }, confirm: 'deleteDestination' };
  await cli(['start', 'callOperation', JSON.stringify(input), '--id', id, '--as', 'ada@example.com']);
  const found = async () =>
    (await cli(['approvals', '--json'])).json<Waiting[]>().find(({ workflowId }) => workflowId === id);
  let waiting = await found();
  // Temporal's list lags behind by a moment.
  for (let looks = 1; waiting === undefined && looks < 20; looks += 1) waiting = await found();
  return { ...(waiting as Waiting), destinationID };
}

test('what waits is listed, refused to whoever asked for it, and done once another has approved', async () => {
  const { workflowId, approval, destinationID } = await askToDelete();
  expect(approval.requesters).toEqual(['ada@example.com']);
  const list = await cli(['approvals']);
  expect(list.stdout).toMatch(/^WORKFLOW +ASKED +BY +APPROVED +UNTIL$/m);
  expect(list.stdout).toMatch(new RegExp(`^${workflowId} +deleteDestination +ada@example\\.com +0 of 1 +20`, 'm'));

  const own = await cli(['approve', workflowId, '--as', 'ada@example.com']);
  expect(own).toMatchObject({ code: 4, stdout: '', stderr: 'Refused: who asked for it may not approve it.\n' });
  const otherPlan = await cli(['approve', workflowId, '--as', 'bob@example.com', '--plan-hash', 'sha256:00']);
  expect(otherPlan.code).toBe(4);
  expect(otherPlan.stderr).toContain('planHash');
  expect(await destinations()).toContain(destinationID);

  const bob = ['--as', 'bob@example.com', '--comment', 'unused since May', '--plan-hash', approval.planHash];
  const approved = await cli(['approve', workflowId, ...bob]);
  expect(approved).toMatchObject({ code: 0, stdout: 'deleteDestination: approved\n', stderr: '' });
  await worker.client.workflow.getHandle(workflowId).result();
  expect(await destinations()).not.toContain(destinationID);

  const { events = [] } = await worker.client.workflow.getHandle(workflowId).fetchHistory();
  const senders = events?.flatMap(({ workflowExecutionSignaledEventAttributes: signal }) => signal?.identity ?? []);
  expect(senders).toEqual(['ada@example.com', 'bob@example.com', 'bob@example.com']);

  const late = await cli(['approve', workflowId, '--as', 'bob@example.com']);
  expect(late).toMatchObject({ code: 1, stderr: `${workflowId} asks nothing any more: its status is completed.\n` });
});

test('a rejection is an answer too, and whoever waits for the workflow is told that it was denied', async () => {
  const { destinationID, ...first } = await askToDelete();
  await cli(['reject', first.workflowId, '--as', 'bob@example.com']);
  const id = `delete-${randomUUID()}`;
  const input = { operation: 'deleteDestination', params: { destinationID }, confirm: 'deleteDestination' };
  let said = '';
  const start = ['start', 'callOperation', JSON.stringify(input), '--id', id, '--wait'];
  const waiting = cli(start, { onStderr: (text) => (said += text) });
  await expect
    .poll(() => said, { timeout: 150_000 })
    .toContain(`waiting for approval: algolia-ingestion approve ${id} --as <name>`);
  await expect.poll(async () => (await cli(['approvals'])).stdout, { timeout: 150_000 }).toContain(id);
  const rejected = await cli(['reject', id, '--as', 'bob@example.com', '--comment', 'still in use']);
  expect(rejected).toMatchObject({ code: 0, stdout: 'deleteDestination: rejected\n' });
  const { code, stderr } = await waiting;
  expect(code).toBe(4);
  expect(stderr).toContain('ApprovalDenied: deleteDestination: rejected by bob@example.com: still in use');
  expect(await destinations()).toContain(destinationID);
});

test('a workflow that asks for no approval is sent none', async () => {
  const { taskID } = await makeConnector(simulator);
  const id = `sync-${randomUUID()}`;
  await simulator.control('POST /clock', { speed: 0.001 });
  try {
    await cli(['start', 'syncTask', JSON.stringify({ taskID }), '--id', id]);
    const approved = await cli(['approve', id, '--as', 'bob@example.com']);
    expect(approved).toMatchObject({ code: 1, stdout: '', stderr: `${id} asks for no approval. Nothing was sent.\n` });
    const handle = worker.client.workflow.getHandle(id);
    const { events } = await handle.fetchHistory();
    expect(events?.filter((event) => event.workflowExecutionSignaledEventAttributes)).toEqual([]);
    await handle.terminate();
  } finally {
    await simulator.control('POST /clock', { speed: 10 });
  }
});

test('what nobody is there to read is kept', async () => {
  const id = `delete-${randomUUID()}`;
  const env = { TASK_QUEUE: `nobody-${randomUUID()}` };
  await cli(['start', 'callOperation', '{"operation": "listSources"}', '--id', id], { env });
  const approved = await cli(['approve', id, '--as', 'bob@example.com'], { env });
  expect(approved).toMatchObject({
    code: 0,
    stderr: `Sent. No worker answers at the moment; ${id} will read it when one does.\n`,
  });
  await worker.client.workflow.getHandle(id).terminate();
});

test.each(['', ' '])('nobody (%j) neither asks nor approves', async (nobody) => {
  for (const command of [
    ['approve', 'some-workflow'],
    ['start', 'syncTask', '{"taskID": "x"}'],
    ['key', 'rotate', '--to', 'file:new'],
    ['apply', 'connectors.yaml'],
  ]) {
    const { code, stderr } = await cli([...command, '--as', nobody]);
    expect({ command, code }).toEqual({ command, code: 2 });
    expect(stderr).toContain("option '--as <name>' argument");
  }
});
