import { Client, Connection } from '@temporalio/client';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, inject, test, vi } from 'vitest';
import { startSimulator, type Simulator } from '../../simulator/index.ts';
import {
  deployTransformation,
  deployTransformationStatus,
  type DeployTransformationInput,
} from '../../src/workflows/deploy-transformation.ts';
import { answer, failureOf } from '../setup/decide.ts';
import { spawnWorker, type SpawnedWorker } from '../setup/spawn-worker.ts';
import { workerEnvironment } from '../setup/start-worker.ts';
import {
  makeTransformed,
  NEW_CODE,
  OLD_CODE,
  transformationOf,
  type MadeTransformation,
} from '../setup/transformation.ts';

const { address, namespace } = inject('temporal');
const taskQueue = `killed-${randomUUID()}`;
let simulator: Simulator;
let client: Client;
let worker: SpawnedWorker;
let made: MadeTransformation;

const startWorker = () => spawnWorker(workerEnvironment(simulator, taskQueue));

beforeAll(async () => {
  simulator = await startSimulator();
  client = new Client({ connection: await Connection.connect({ address }), namespace });
  worker = startWorker();
});
afterAll(async () => {
  await worker.end('SIGKILL');
  await Promise.all([simulator.stop(), client.connection.close()]);
});
beforeEach(async () => {
  made = await makeTransformed(simulator);
});

const deploy = () => {
  const { transformationID, taskID: canaryTaskID } = made;
  const input: DeployTransformationInput = { transformationID, code: NEW_CODE, tryOn: [{ n: 1 }], canaryTaskID };
  return client.workflow.start(deployTransformation, {
    taskQueue,
    workflowId: `deploy-${randomUUID()}`,
    args: [input],
  });
};
const runsOfCanary = () => simulator.world.runs.by('taskID', made.taskID);

test('a worker that is killed while it updates has deployed it all the same, and one canary runs', async () => {
  await simulator.control('POST /runs/script', { taskID: made.taskID, durationMs: 0 });
  // The request is on its way already: it takes effect after its sender is dead.
  const fault = { operation: 'updateTransformation', kind: 'hang', ms: 1_000 };
  await simulator.control('POST /faults', fault);
  const handle = await deploy();
  await answer(handle, 'approve');
  await vi.waitFor(() => expect(simulator.world.faults.list()).toMatchObject([{ hits: 1 }]), {
    timeout: 60_000,
    interval: 50,
  });
  await worker.end('SIGKILL');
  worker = startWorker();
  expect(await handle.result()).toMatchObject({ outcome: 'deployed', sync: { verdict: 'success' } });
  expect(await transformationOf(simulator, made.transformationID)).toMatchObject({ input: { code: NEW_CODE } });
  expect(runsOfCanary()).toHaveLength(1);
}, 180_000);

test('what is cancelled while no worker lives is put back by the next one', async () => {
  await simulator.control('POST /runs/script', { taskID: made.taskID, neverFinish: true });
  const handle = await deploy();
  await answer(handle, 'approve');
  await vi.waitFor(
    async () => {
      expect((await handle.query(deployTransformationStatus)).step).toMatch(/^syncing/);
      expect(runsOfCanary()).toHaveLength(1);
    },
    { timeout: 60_000, interval: 100 },
  );
  await worker.end('SIGKILL');
  await handle.cancel();
  expect(await transformationOf(simulator, made.transformationID)).toMatchObject({ input: { code: NEW_CODE } });
  worker = startWorker();
  expect((await failureOf(handle)).name).toBe('CancelledFailure');
  expect(await transformationOf(simulator, made.transformationID)).toMatchObject({ input: { code: OLD_CODE } });
}, 180_000);
