import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { startTemporalServer } from '../scripts/temporal-server.ts';
import { startSimulator, type Simulator } from '../simulator/index.ts';
import type { backfill, BackfillStatus } from '../src/workflows/backfill.ts';
import { callAlgolia, makeConnector } from '../test/setup/connector.ts';
import { historiesOfChain, outstandingChildren } from '../test/setup/outstanding-children.ts';
import { superviseWorker, type SupervisedWorker } from './supervise-worker.ts';

const TASK_QUEUE = 'bench-backfill';
const KILLS = 3;
const LOOK_EVERY_MS = 1_000;

interface BenchOptions {
  readonly items: number;
  readonly parallel: number;
  /** Whether the worker is the one that `npm run build` made, rather than the source. */
  readonly built: boolean;
}

/**
 * A backfill of many tasks (`--items 10000 --parallel 30 --built`) against the simulator, with a worker of its own that is killed three
 * times, and a pause in the middle. Says how long it took, how much memory the worker had, how long its histories got, and
 * whether every task was synced once.
 */
async function benchBackfill({ items, parallel, built }: BenchOptions): Promise<void> {
  const [temporal, simulator] = await Promise.all([
    startTemporalServer({ ui: false }),
    startSimulator({ runMs: 0, quotas: false, maxRequestsKept: 100 }),
  ]);
  const connection = await Connection.connect({ address: temporal.address });
  const client = new Client({ connection, namespace: temporal.namespace });
  const worker = superviseWorker(built, {
    TEMPORAL_ADDRESS: temporal.address,
    TASK_QUEUE,
    ALGOLIA_APPLICATION_ID: simulator.applicationId,
    ALGOLIA_API_KEY: simulator.apiKey,
    ALGOLIA_INGESTION_URL: simulator.url,
    LOG_LEVEL: 'error',
  });
  try {
    await makeTasks(simulator, items);
    const startedAt = performance.now();
    const handle = await client.workflow.start<typeof backfill>('backfill', {
      taskQueue: TASK_QUEUE,
      workflowId: 'backfill',
      args: [{ taskFilter: {}, maxParallel: parallel }],
    });
    const mostAtOnce = await disturb(handle, worker, items);
    const result = await handle.result();
    const seconds = (performance.now() - startedAt) / 1_000;
    const histories = await historiesOfChain(client, 'backfill', handle.firstExecutionRunId);
    const runsOfTask = simulator.world.tasks
      .values()
      .map(({ taskID }) => simulator.world.runs.countBy('taskID', taskID));
    console.table({
      items,
      counts: JSON.stringify(result.counts),
      'tasks not run exactly once': runsOfTask.filter((runs) => runs !== 1).length,
      'children started': outstandingChildren(histories).started,
      'under way at once, at most (of the histories)': outstandingChildren(histories).most,
      'under way at once, at most (of the status)': mostAtOnce,
      allowed: parallel,
      seconds: Math.round(seconds),
      'items a second': Number((items / seconds).toFixed(1)),
      histories: histories.length,
      'longest history, events': Math.max(...histories.map(({ events }) => events?.length ?? 0)),
      "worker's memory at most, MB": worker.peakMb(),
      'times killed': worker.kills(),
    });
  } finally {
    await worker.stop();
    await connection.close();
    await Promise.all([temporal.stop(), simulator.stop()]);
  }
}

/** Kills the worker at a quarter, a half and three quarters, and pauses in between. Returns how many syncs it ever saw under way. */
async function disturb(
  handle: WorkflowHandle<typeof backfill>,
  worker: SupervisedWorker,
  items: number,
): Promise<number> {
  let paused = false;
  let most = 0;
  let toldAt = 0;
  for (;;) {
    const status = await handle.query<BackfillStatus>('status').catch(() => undefined);
    const { status: execution } = await handle.describe();
    if (execution.name !== 'RUNNING') return most;
    if (status) {
      most = Math.max(most, status.running.length);
      const share = status.done / items;
      if (share - toldAt >= 0.05) {
        console.log(`${status.done} of ${items}, done by ${status.eta}, worker ${worker.peakMb()} MB`);
        toldAt = share;
      }
      if (worker.kills() < KILLS && share > (worker.kills() + 1) / (KILLS + 1)) worker.kill();
      if (!paused && share > 0.4) {
        paused = true;
        await pauseAndSee(handle);
      }
    }
    await delay(LOOK_EVERY_MS);
  }
}

async function pauseAndSee(handle: WorkflowHandle<typeof backfill>): Promise<void> {
  await handle.signal('pause');
  const look = () => handle.query<BackfillStatus>('status');
  let status = await look();
  while (status.running.length > 0) {
    await delay(LOOK_EVERY_MS);
    status = await look();
  }
  await delay(3 * LOOK_EVERY_MS);
  const { done, phase } = await look();
  if (done !== status.done || phase !== 'paused') throw new Error(`it went on although it was paused (${phase})`);
  console.log(`paused at ${done}: nothing was started`);
  await handle.signal('resume');
}

async function makeTasks(simulator: Simulator, count: number): Promise<void> {
  const { sourceID, destinationID } = await makeConnector(simulator);
  const task = { sourceID, destinationID, action: 'replace' };
  for (let made = 1; made < count; made += 1) await callAlgolia(simulator, 'POST /2/tasks', task);
  await simulator.control('POST /runs/script', { taskID: '*', times: -1, durationMs: 0, events: [{}] });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: {
      items: { type: 'string', default: '10000' },
      parallel: { type: 'string', default: '30' },
      built: { type: 'boolean', default: false },
    },
  });
  await benchBackfill({ items: Number(values.items), parallel: Number(values.parallel), built: values.built });
}
