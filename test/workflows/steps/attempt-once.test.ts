import { Client, Connection } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest';
import { startSimulator, type Simulator } from '../../../simulator/index.ts';
import { syncTask, syncTaskStatus } from '../../../src/workflows/sync-task.ts';
import { startTestWorker } from '../../setup/start-worker.ts';

const taskQueue = `attempts-${randomUUID()}`;
const PATIENCE = { timeout: 150_000, interval: 50 };

let simulator: Simulator;
let connection: Connection;
let native: NativeConnection;
/** For activities only. */
let hands: Worker;
let running: Promise<void>;
let answerInspection: (() => void) | undefined;
let triggers = 0;

beforeAll(async () => {
  const { address } = inject('temporal');
  [simulator, connection, native] = await Promise.all([
    startSimulator(),
    Connection.connect({ address }),
    NativeConnection.connect({ address }),
  ]);
  hands = await Worker.create({
    connection: native,
    taskQueue,
    activities: {
      async inspectTask() {
        await new Promise<void>((resolve) => (answerInspection = resolve));
        return { enabled: true, sourceID: 'source', destinationID: 'destination', running: [], known: [] };
      },
      runTask: async () => ({ runID: `run-${(triggers += 1)}` }),
      findNewRuns: async () => [],
      getRun: async () => ({ status: 'started' }),
    },
  });
  running = hands.run();
});
afterAll(async () => {
  hands.shutdown();
  await running;
  await Promise.all([native.close(), connection.close(), simulator.stop()]);
});

const startHead = () =>
  startTestWorker({
    simulator,
    environment: { TASK_QUEUE: taskQueue },
    overrides: { enableNonLocalActivities: false },
  });

test('a workflow that hears of its cancellation together with an answer sends nothing any more', async () => {
  const { workflow } = new Client({ connection });
  const before = await startHead();
  const handle = await workflow.start(syncTask, { taskQueue, workflowId: randomUUID(), args: [{ taskID: 'task' }] });
  await vi.waitFor(() => expect(answerInspection).toBeDefined(), PATIENCE);
  await before.stop();
  answerInspection?.();
  const isAnswered = async () =>
    (await handle.fetchHistory()).events?.some((event) => event.activityTaskCompletedEventAttributes);
  await expect.poll(isAnswered, PATIENCE).toBe(true);
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
