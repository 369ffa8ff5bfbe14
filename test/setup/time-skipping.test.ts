import { Client, Connection, WithStartWorkflowOperation } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { greet, sleepFor, waitADay, wake } from './sleepy-workflow.ts';
import { fastForward, withTimeSkipping } from './time-skipping.ts';

const { address, namespace } = inject('temporal');
const taskQueue = `time-skipping-${randomUUID()}`;
const HOUR_MS = 3_600_000;

let client: Client;
let stop: () => Promise<void>;

beforeAll(async () => {
  const logger = new DefaultLogger('WARN');
  Runtime.install({ logger });
  const [connection, native] = await Promise.all([
    Connection.connect({ address }),
    NativeConnection.connect({ address }),
  ]);
  client = new Client({ connection, namespace });
  const workflowsPath = fileURLToPath(new URL('./sleepy-workflow.ts', import.meta.url));
  const worker = await Worker.create({
    connection: native,
    namespace,
    taskQueue,
    workflowBundle: await bundleWorkflowCode({ workflowsPath, logger }),
  });
  const running = worker.run();
  stop = async () => {
    worker.shutdown();
    await running;
    await Promise.all([connection.close(), native.close()]);
  };
});

afterAll(() => stop());

test('thirty days of sleep pass in a moment', async () => {
  const options = { taskQueue, workflowId: randomUUID(), args: [30 * 24 * HOUR_MS] satisfies [number] };
  const sleptMs = await withTimeSkipping(client).workflow.execute(sleepFor, options);
  expect(sleptMs / HOUR_MS).toBeCloseTo(30 * 24, 1);
});

test('a workflow started by a signal skips time as well', async () => {
  const handle = await withTimeSkipping(client).workflow.signalWithStart(sleepFor, {
    taskQueue,
    workflowId: randomUUID(),
    args: [HOUR_MS],
    signal: wake,
  });
  expect(await handle.result()).toBeGreaterThanOrEqual(HOUR_MS);
});

test('so does one started by an update', async () => {
  const startWorkflowOperation = new WithStartWorkflowOperation(waitADay, {
    taskQueue,
    workflowId: randomUUID(),
    workflowIdConflictPolicy: 'FAIL',
  });
  const options = { args: ['hello'] satisfies [string], startWorkflowOperation };
  expect(await withTimeSkipping(client).workflow.executeUpdateWithStart(greet, options)).toBe('hello');
  expect(await (await startWorkflowOperation.workflowHandle()).result()).toBe('timedOut');
});

test('a wait of a day is open after 23 hours and takes the signal that comes then', async () => {
  const handle = await client.workflow.start(waitADay, { taskQueue, workflowId: randomUUID() });
  await fastForward(client, handle.workflowId, '23h');
  expect((await handle.describe()).status.name).toBe('RUNNING');
  await handle.signal(wake);
  expect(await handle.result()).toBe('woken');
});

test('a wait of a day is over after 23 hours and two more', async () => {
  const handle = await client.workflow.start(waitADay, { taskQueue, workflowId: randomUUID() });
  await fastForward(client, handle.workflowId, '23h');
  await fastForward(client, handle.workflowId, '2h');
  expect(await handle.result()).toBe('timedOut');
});
