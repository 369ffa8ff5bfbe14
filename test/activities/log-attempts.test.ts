import { Client, Connection } from '@temporalio/client';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest';
import { startSimulator, type Simulator } from '../../simulator/index.ts';
import { makeConnector } from '../setup/connector.ts';
import { spawnWorker, type SpawnedWorker } from '../setup/spawn-worker.ts';
import { workerEnvironment } from '../setup/start-worker.ts';

interface Line {
  readonly level: string;
  readonly msg: string;
  readonly activityType?: string;
  readonly operation?: string;
  readonly workflowId?: string;
}

const taskQueue = `log-${randomUUID()}`;
let simulator: Simulator;
let worker: SpawnedWorker;
let client: Client;

beforeAll(async () => {
  simulator = await startSimulator({ runSpeed: 20 });
  worker = spawnWorker({ ...workerEnvironment(simulator, taskQueue), LOG_LEVEL: 'debug', SECRET_SHOP: 'open sesame' });
  const { address, namespace } = inject('temporal');
  client = new Client({ connection: await Connection.connect({ address }), namespace });
});
afterAll(async () => {
  await worker.end('SIGKILL');
  await Promise.all([simulator.stop(), client.connection.close()]);
});

const start = (type: string, input: object) =>
  client.workflow.start(type, { taskQueue, workflowId: `${type}-${randomUUID()}`, args: [input] });

/** What the log says of an activity for a workflow, once it has said all. */
const linesOf = (workflowId: string, activityType: string, count: number) =>
  vi.waitFor(
    () => {
      const lines = worker
        .stderr()
        .split('\n')
        .filter((line) => line.startsWith('{') && line.endsWith('}'))
        .map((line) => JSON.parse(line) as Line)
        .filter((line) => line.workflowId === workflowId && line.activityType === activityType);
      expect(lines).toHaveLength(count);
      return lines;
    },
    { timeout: 150_000, interval: 50 },
  );

test('an attempt that goes well is one line at debug, with its workflow, run, operation and attempt', async () => {
  const { taskID } = await makeConnector(simulator);
  const call = await start('callOperation', { operation: 'getTask', params: { taskID } });
  await call.result();
  expect(await linesOf(call.workflowId, 'getTask', 1)).toEqual([
    expect.objectContaining({
      level: 'debug',
      msg: 'getTask',
      operation: 'getTask',
      resource: `taskID=${taskID}`,
      attempt: 1,
      workflowType: 'callOperation',
      workflowRunId: call.firstExecutionRunId,
      durationMs: expect.any(Number) as number,
    }),
  ]);
});

test('activities with a loop of their own are no exception, nor are local ones', async () => {
  const { taskID } = await makeConnector(simulator);
  const sync = await start('syncTask', { taskID, failWorkflow: false });
  await sync.result();
  for (const operation of ['checkInput', 'inspectTask', 'runTask', 'awaitRun', 'digestEvents'])
    expect(await linesOf(sync.workflowId, operation, 1)).toMatchObject([{ level: 'debug', operation, attempt: 1 }]);
});

test('a failure and the retry after it are a line at warn each, with what Algolia said', async () => {
  const fault = { operation: 'listTasks', kind: 'status', status: 503, message: 'come back' };
  await simulator.control('POST /faults', fault);
  const call = await start('callOperation', { operation: 'listTasks' });
  await call.result();
  expect(await linesOf(call.workflowId, 'listTasks', 2)).toMatchObject([
    {
      level: 'warn',
      msg: 'listTasks failed',
      attempt: 1,
      type: 'AlgoliaUnavailable',
      status: 503,
      message: 'listTasks: answered 503: come back',
      correlationID: expect.any(String) as string,
    },
    { level: 'warn', msg: 'listTasks succeeded on a retry', attempt: 2 },
  ]);
});

test('one that was cancelled has not failed', async () => {
  const { taskID } = await makeConnector(simulator);
  await simulator.control('POST /runs/script', { taskID, neverFinish: true });
  const sync = await start('syncTask', { taskID });
  await vi.waitFor(async () => expect(await sync.query('status')).toMatchObject({ phase: 'running' }), {
    timeout: 150_000,
  });
  await sync.cancel();
  expect(await linesOf(sync.workflowId, 'awaitRun', 1)).toMatchObject([
    { level: 'debug', msg: 'awaitRun was cancelled', attempt: 1 },
  ]);
});

test('no line holds a body or a secret', async () => {
  const params = {
    type: 'basic',
    name: 'shop',
    input: { username: 'body-marker', password: { $secret: 'env:SECRET_SHOP' } },
  };
  await simulator.control('POST /faults', {
    operation: 'createAuthentication',
    kind: 'status',
    status: 400,
    message: "'open sesame' is weak",
  });
  const call = await start('callOperation', {
    operation: 'createAuthentication',
    params,
    confirm: 'createAuthentication',
  });
  await expect(call.result()).rejects.toThrow('failed');
  expect(await linesOf(call.workflowId, 'createAuthentication', 1)).toMatchObject([
    { level: 'warn', type: 'AlgoliaInvalid', resource: 'type=basic name=shop' },
  ]);
  expect(worker.stderr()).not.toMatch(/body-marker|open sesame|Authorization|taskToken/i);
});
