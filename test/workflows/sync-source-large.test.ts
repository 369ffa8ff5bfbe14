import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startSimulator, type Simulator } from '../../simulator/index.ts';
import { syncSource, type SyncSourceResult } from '../../src/workflows/sync-source.ts';
import { failureOf } from '../setup/decide.ts';
import { startHands, type HeadAndHands } from '../setup/head-and-hands.ts';

const TASKS = Array.from({ length: 60 }, (_, place) => `task-${place}`);

let simulator: Simulator;
let hands: HeadAndHands;

beforeAll(async () => {
  simulator = await startSimulator();
  hands = await startHands(simulator, {
    listTasks: async () => ({ tasks: TASKS.map((taskID) => ({ taskID })) }),
    inspectTask: async () => ({ enabled: true, sourceID: 's', destinationID: 'd', running: [], known: [] }),
    runSource: async () => ({
      sourceID: 's',
      createdAt: new Date().toISOString(),
      taskWithRunID: Object.fromEntries(TASKS.map((taskID) => [taskID, `run of ${taskID}`])),
    }),
    awaitRun: async ({ runID }: { runID: string }) => ({
      state: 'ended',
      run: { runID, status: 'finished', outcome: 'success', createdAt: new Date().toISOString() },
      idleMs: 0,
      polls: 1,
      keyVersion: 'env',
    }),
    digestEvents: async ({ maxFailures }: { maxFailures: number }) => ({
      counts: { record: { failed: maxFailures } },
      total: maxFailures,
      failed: maxFailures,
      failures: Array.from({ length: maxFailures }, (_, place) => ({
        eventID: `event-${place}`,
        type: 'record',
        status: 'failed',
        at: '',
        batchSize: 1,
        data: '検'.repeat(1_000),
      })),
    }),
  });
});
afterAll(async () => {
  await hands.stop();
  await simulator.stop();
});

test('a source of many tasks whose records fail comes to an end', async () => {
  const head = await hands.startHead();
  const handle = await hands.client.workflow.start(syncSource, {
    taskQueue: hands.taskQueue,
    workflowId: `source-${randomUUID()}`,
    args: [{ sourceID: 's' }],
  });
  try {
    const { type, details = [] } = await failureOf(handle);
    expect(type).toBe('SyncFailed');
    const { tasks } = details[0] as SyncSourceResult;
    expect(Object.values(tasks).map(({ failures }) => failures?.length)).toEqual(TASKS.map(() => 8));
  } finally {
    await handle.terminate().catch(() => undefined);
    await head.stop();
  }
});
