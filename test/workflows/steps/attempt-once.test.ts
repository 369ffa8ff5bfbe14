import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startSimulator, type Simulator } from '../../../simulator/index.ts';
import { syncTask, syncTaskStatus } from '../../../src/workflows/sync-task.ts';
import { answersIn, makeDoor, startHands, type HeadAndHands } from '../../setup/head-and-hands.ts';

const inspection = makeDoor();

let simulator: Simulator;
let hands: HeadAndHands;
let triggers = 0;

beforeAll(async () => {
  simulator = await startSimulator();
  hands = await startHands(simulator, {
    async inspectTask() {
      await inspection.pass();
      return { enabled: true, sourceID: 'source', destinationID: 'destination', running: [], known: [] };
    },
    runTask: async () => ({ runID: `run-${(triggers += 1)}` }),
    findNewRuns: async () => [],
    getRun: async () => ({ status: 'started' }),
  });
});
afterAll(async () => {
  await hands.stop();
  await simulator.stop();
});

test('a workflow that hears of its cancellation together with an answer sends nothing any more', async () => {
  const { client, taskQueue, startHead } = hands;
  const before = await startHead();
  const options = { taskQueue, workflowId: `sync-${randomUUID()}`, args: [{ taskID: 'task' }] as [{ taskID: string }] };
  const handle = await client.workflow.start(syncTask, options);
  await expect.poll(inspection.isWaitedAt, { timeout: 150_000 }).toBe(true);
  await before.stop();
  inspection.open();
  await answersIn(handle, 1);
  await handle.cancel();
  const after = await startHead();
  try {
    await expect(handle.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
    expect(await handle.query(syncTaskStatus)).toMatchObject({ verdict: 'cancelled', remoteStillRunning: false });
    expect(triggers).toBe(0);
  } finally {
    await after.stop();
  }
});
