import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startSimulator, type Simulator } from '../../simulator/index.ts';
import { backfill } from '../../src/workflows/backfill.ts';
import { setParallel } from '../../src/workflows/steps/pace-signals.ts';
import { makeDoor, startHands, type HeadAndHands } from '../setup/head-and-hands.ts';

const end = makeDoor();

let simulator: Simulator;
let hands: HeadAndHands;

beforeAll(async () => {
  simulator = await startSimulator();
  hands = await startHands(simulator, {
    listTasks: async () => ({ tasks: [] }),
    runSource: async () => ({ taskWithRunID: { [`task-${'x'.repeat(30_000)}`]: 'run' } }),
    async awaitRun() {
      await end.pass();
      const run = { runID: 'run', status: 'finished', outcome: 'failure', reasonCode: 'critical' };
      return { state: 'ended', run, idleMs: 0, polls: 1, keyVersion: 'env' };
    },
    digestEvents: async () => ({ counts: {}, total: 0, failed: 0, failures: [] }),
    inspectTask: async () => ({ enabled: false, sourceID: 's', destinationID: 'd', running: [], known: [] }),
    keepVerdicts: async () => ({ bytes: 1 }),
  });
});
afterAll(async () => {
  await hands.stop();
  await simulator.stop();
});

test('a backfill with much to hand on goes on in a new history', { timeout: 600_000 }, async () => {
  const { client, taskQueue, startHead } = hands;
  const head = await startHead();
  const sources = Array.from({ length: 25 }, (_, place) => ({ sourceID: `source-${place}` }));
  // As large as items may be.
  const task = { taskID: 'task', runMetadata: { note: 'x'.repeat(1_490_000) } };
  const handle = await client.workflow.start(backfill, {
    taskQueue,
    workflowId: `backfill-${randomUUID()}`,
    args: [{ items: [...sources, task], maxParallel: 25, failWorkflow: false }],
  });
  await expect.poll(end.isWaitedAt, { timeout: 150_000 }).toBe(true);
  // Each is an event, so that the history is long while one is still to be synced.
  for (let signals = 0; signals < 2_000; signals += 100)
    await Promise.all(Array.from({ length: 100 }, () => handle.signal(setParallel, { maxParallel: 25 })));
  end.open();
  try {
    const result = await handle.result();
    expect(result.counts).toEqual({ critical: 25, blocked: 1 });
    expect(result.notGood.length).toBeGreaterThan(10);
    expect(Buffer.byteLength(JSON.stringify(result.notGood))).toBeLessThan(460_000);
    expect((await client.workflow.getHandle(handle.workflowId).describe()).runId).not.toBe(handle.firstExecutionRunId);
  } finally {
    await handle.terminate().catch(() => undefined);
    await head.stop();
  }
});
