import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { startSimulator, type Simulator } from '../../simulator/index.ts';
import {
  deployTransformation,
  deployTransformationStatus,
  type DeployTransformationInput,
} from '../../src/workflows/deploy-transformation.ts';
import { answer, failureOf } from '../setup/decide.ts';
import { hold } from '../setup/hold.ts';
import { MortalWorker } from '../setup/mortal-worker.ts';
import {
  makeTransformed,
  NEW_CODE,
  OLD_CODE,
  transformationOf,
  type MadeTransformation,
} from '../setup/transformation.ts';

let simulator: Simulator;
let worker: MortalWorker;
let made: MadeTransformation;

beforeAll(async () => {
  simulator = await startSimulator();
  worker = await MortalWorker.of(simulator);
  worker.start();
});
afterAll(async () => {
  await worker.end();
  await simulator.stop();
});
beforeEach(async () => {
  made = await makeTransformed(simulator);
});

const deploy = () => {
  const { transformationID, taskID: canaryTaskID } = made;
  const input: DeployTransformationInput = { transformationID, code: NEW_CODE, tryOn: [{ n: 1 }], canaryTaskID };
  return worker.client.workflow.start(deployTransformation, {
    taskQueue: worker.taskQueue,
    workflowId: `deploy-${randomUUID()}`,
    args: [input],
  });
};
const runsOfCanary = () => simulator.world.runs.by('taskID', made.taskID);

test('a worker that is killed while it updates has deployed it all the same, and one canary runs', async () => {
  await simulator.control('POST /runs/script', { taskID: made.taskID, durationMs: 0 });
  const update = hold(simulator, 'updateTransformation');
  const handle = await deploy();
  await answer(handle, 'approve');
  await update.met();
  await worker.kill();
  // It was on its way already: it takes effect though its sender is dead.
  update.release();
  worker.start();
  expect(await handle.result()).toMatchObject({ outcome: 'deployed', sync: { verdict: 'success' } });
  expect(await transformationOf(simulator, made.transformationID)).toMatchObject({ input: { code: NEW_CODE } });
  expect(runsOfCanary()).toHaveLength(1);
});

test('what is cancelled while no worker lives is put back by the next one', async () => {
  await simulator.control('POST /runs/script', { taskID: made.taskID, neverFinish: true });
  const handle = await deploy();
  await answer(handle, 'approve');
  await vi.waitFor(
    async () => {
      expect((await handle.query(deployTransformationStatus)).step).toMatch(/^syncing/);
      expect(runsOfCanary()).toHaveLength(1);
    },
    { timeout: 150_000, interval: 100 },
  );
  await worker.kill();
  await handle.cancel();
  expect(await transformationOf(simulator, made.transformationID)).toMatchObject({ input: { code: NEW_CODE } });
  worker.start();
  expect((await failureOf(handle)).name).toBe('CancelledFailure');
  expect(await transformationOf(simulator, made.transformationID)).toMatchObject({ input: { code: OLD_CODE } });
});
