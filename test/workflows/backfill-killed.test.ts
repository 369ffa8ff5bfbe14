import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startSimulator, type Simulator } from '../../simulator/index.ts';
import { backfill, backfillStatus } from '../../src/workflows/backfill.ts';
import { callAlgolia, makeConnector } from '../setup/connector.ts';
import { MortalWorker } from '../setup/mortal-worker.ts';
import { historiesOfChain, outstandingChildren } from '../setup/outstanding-children.ts';

/** `bench/backfill.ts` does the same with ten thousand. */
const TASKS = 30;
const KILLS = [5, 15];
const MAX_PARALLEL = 3;

let simulator: Simulator;
let worker: MortalWorker;

beforeAll(async () => {
  simulator = await startSimulator({ quotas: false });
  worker = await MortalWorker.of(simulator);
});
afterAll(async () => {
  await worker.end();
  await simulator.stop();
});

test('a backfill whose worker is killed again and again syncs every task exactly once', async () => {
  const { sourceID, destinationID } = await makeConnector(simulator);
  for (let made = 1; made < TASKS; made += 1)
    await callAlgolia(simulator, 'POST /2/tasks', { sourceID, destinationID, action: 'replace' });
  await simulator.control('POST /runs/script', { taskID: '*', times: -1, durationMs: 300, events: [{}] });
  const { client, taskQueue } = worker;
  worker.start();
  const handle = await client.workflow.start(backfill, {
    taskQueue,
    workflowId: `backfill-${randomUUID()}`,
    args: [{ taskFilter: { sourceID: [sourceID] }, maxParallel: MAX_PARALLEL }],
  });
  for (const done of KILLS) {
    await vi.waitFor(async () => expect((await handle.query(backfillStatus)).done).toBeGreaterThanOrEqual(done), {
      timeout: 150_000,
      interval: 100,
    });
    await worker.kill();
    worker.start();
  }
  await expect(handle.result()).resolves.toMatchObject({ total: TASKS, counts: { success: TASKS }, notGood: [] });
  for (const { taskID } of simulator.world.tasks.values())
    expect(simulator.world.runs.by('taskID', taskID)).toHaveLength(1);
  const histories = await historiesOfChain(client, handle.workflowId, handle.firstExecutionRunId);
  expect(outstandingChildren(histories)).toEqual({ started: TASKS, most: MAX_PARALLEL });
});
