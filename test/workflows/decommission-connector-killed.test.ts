import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { startSimulator, type Simulator } from '../../simulator/index.ts';
import { decommissionConnector, decommissionConnectorStatus } from '../../src/workflows/decommission-connector.ts';
import { callAlgolia, makeConnector, type MadeConnector } from '../setup/connector.ts';
import { answer, failureOf } from '../setup/decide.ts';
import { hold } from '../setup/hold.ts';
import { MortalWorker } from '../setup/mortal-worker.ts';

let simulator: Simulator;
let worker: MortalWorker;
let made: MadeConnector;

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
  await simulator.control('DELETE /faults');
  made = await makeConnector(simulator);
});

const decommission = () =>
  worker.client.workflow.start(decommissionConnector, {
    taskQueue: worker.taskQueue,
    workflowId: `decommission-${randomUUID()}`,
    args: [{ taskID: made.taskID, alsoDelete: ['destination', 'source'] }],
  });
const left = () => {
  const { tasks, destinations, sources } = simulator.world;
  return [tasks.get(made.taskID), destinations.get(made.destinationID), sources.get(made.sourceID)].filter(Boolean);
};

test.for(['deleteTask', 'deleteSource'] as const)(
  'a worker that is killed in the middle of %s leaves nothing behind for the next one',
  { timeout: 180_000 },
  async (operation) => {
    const request = hold(simulator, operation);
    const handle = await decommission();
    await answer(handle, 'approve');
    await request.met();
    await worker.kill();
    // It was on its way already: it takes effect though its sender is dead.
    request.release();
    worker.start();
    const { deleted } = await handle.result();
    expect(deleted.map(({ resource }) => resource)).toEqual(['task', 'destination', 'source']);
    expect(left()).toEqual([]);
  },
);

test('what is cancelled while no worker lives is enabled again by the next one', { timeout: 180_000 }, async () => {
  await simulator.control('POST /runs/script', { taskID: made.taskID, neverFinish: true });
  await callAlgolia(simulator, `POST /2/tasks/${made.taskID}/run`);
  const handle = await decommission();
  await vi.waitFor(
    async () => expect((await handle.query(decommissionConnectorStatus)).step).toMatch(/^waiting until/),
    { timeout: 150_000, interval: 100 },
  );
  await worker.kill();
  await handle.cancel();
  expect(simulator.world.tasks.get(made.taskID)).toMatchObject({ enabled: false });
  worker.start();
  expect((await failureOf(handle)).name).toBe('CancelledFailure');
  expect(simulator.world.tasks.get(made.taskID)).toMatchObject({ enabled: true });
  expect(left()).toHaveLength(3);
});
