import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startSimulator, type Simulator } from '../../simulator/index.ts';
import { backfill, backfillStatus } from '../../src/workflows/backfill.ts';
import { setParallel } from '../../src/workflows/steps/pace-signals.ts';
import { failureOf } from '../setup/decide.ts';
import { answersIn, makeDoor, startHands, type HeadAndHands } from '../setup/head-and-hands.ts';

const [inspection, keeping] = [makeDoor(), makeDoor()];

let simulator: Simulator;
let hands: HeadAndHands;
const synced: string[] = [];

beforeAll(async () => {
  simulator = await startSimulator();
  hands = await startHands(simulator, {
    async inspectTask({ taskID }: { taskID: string }) {
      synced.push(taskID);
      await inspection.pass();
      return { enabled: false, sourceID: 'source', destinationID: 'destination', running: [], known: [] };
    },
    async keepVerdicts() {
      await keeping.pass();
      return { bytes: 1 };
    },
  });
});
afterAll(async () => {
  await hands.stop();
  await simulator.stop();
});

test('a cancellation in the moment in which a backfill begins a new history is none too late', async () => {
  const { client, taskQueue, startHead } = hands;
  const before = await startHead();
  const handle = await client.workflow.start(backfill, {
    taskQueue,
    workflowId: `backfill-${randomUUID()}`,
    args: [{ items: ['a', 'b', 'c'].map((taskID) => ({ taskID })), maxParallel: 1 }],
  });
  await expect.poll(inspection.isWaitedAt, { timeout: 150_000 }).toBe(true);
  // Each is an event, so that the history is long while most is still to be synced.
  for (let signals = 0; signals < 2_000; signals += 100)
    await Promise.all(Array.from({ length: 100 }, () => handle.signal(setParallel, { maxParallel: 1 })));
  inspection.open();
  await expect.poll(keeping.isWaitedAt, { timeout: 150_000 }).toBe(true);
  await before.stop();
  keeping.open();
  await answersIn(handle, 1);
  await handle.cancel();
  const after = await startHead();
  try {
    expect(await failureOf(handle)).toMatchObject({ name: 'CancelledFailure' });
    expect(await handle.query(backfillStatus)).toMatchObject({ phase: 'cancelled', notStarted: 2 });
    expect(synced).toEqual(['a']);
  } finally {
    await after.stop();
  }
});
