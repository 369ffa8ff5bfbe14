import type { WorkflowHandle } from '@temporalio/client';
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { median } from './median.ts';
import { withPair, type Pair } from './pair.ts';
import type { Make } from './worker-process.ts';

const OPEN = 1_000;
const WARM_UP = 100;
const AT_ONCE = 20;
/** For the garbage collector, and for what the server does after a start. */
const SETTLE_MS = 5_000;
const ROUNDS = 60;

/** A workflow that waits for an approval, and one that waits for a signal and has nothing else. */
const WAITING = {
  ours: {
    workflow: 'callOperation',
    args: [{ operation: 'deleteTask', params: { taskID: 't' }, confirm: 'deleteTask' }],
  },
  empty: { workflow: 'waitForSignal', args: [] },
} as const;

/** What a worker needs for each workflow that waits for a person, and how long a step takes. */
export async function benchWaiting(): Promise<void> {
  await withPair(async (pair) => {
    await showLatency(pair);
    await showMemory(pair);
  });
}

async function showMemory(pair: Pair): Promise<void> {
  const growth = { ours: await memoryOf(pair, 'ours'), empty: await memoryOf(pair, 'empty') };
  console.log(`\nMemory of the worker's process for each 1,000 workflows that wait`);
  console.table({
    'waiting for an approval': { memory: `${growth.ours.toFixed(0)} MB` },
    'an empty workflow, waiting on a condition': { memory: `${growth.empty.toFixed(0)} MB` },
    'ours / empty (goal ≤ 1.3)': { memory: (growth.ours / growth.empty).toFixed(2) },
  });
}

async function memoryOf(pair: Pair, make: Make): Promise<number> {
  await openMany(pair, make, WARM_UP);
  await delay(SETTLE_MS);
  const before = pair.workers[make].residentMb();
  await openMany(pair, make, OPEN);
  await delay(SETTLE_MS);
  return ((pair.workers[make].residentMb() - before) * 1_000) / OPEN;
}

async function openMany(pair: Pair, make: Make, count: number): Promise<void> {
  let left = count;
  const one = async () => {
    while (left-- > 0) await startWaiting(pair, make);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
}

async function startWaiting({ client, workers }: Pair, make: Make): Promise<WorkflowHandle> {
  const { workflow, args } = WAITING[make];
  const { taskQueue } = workers[make];
  const handle = await client.workflow.start(workflow, { taskQueue, workflowId: randomUUID(), args: [...args] });
  if (make === 'ours') while ((await handle.query<{ state: string }>('approval')).state !== 'waiting') await delay(20);
  else await handle.query('__stack_trace');
  return handle;
}

async function showLatency(pair: Pair): Promise<void> {
  const { client, algolia, workers } = pair;
  const samples: Record<string, number[]> = { start: [], startEmpty: [], approve: [], signalEmpty: [] };
  const timed = async (name: string, work: () => Promise<unknown>) => {
    const startedAt = performance.now();
    await work();
    samples[name]?.push(performance.now() - startedAt);
  };
  for (let round = 0; round < ROUNDS; round += 1) {
    const request = algolia.nextRequest('GET');
    await timed('start', async () => {
      await client.workflow.start('callOperation', {
        taskQueue: workers.ours.taskQueue,
        workflowId: randomUUID(),
        args: [{ operation: 'listTasks', params: {} }],
      });
      await request;
    });
    await timed('startEmpty', () =>
      client.workflow.execute('oneStep', { taskQueue: workers.empty.taskQueue, workflowId: randomUUID() }),
    );
    const approval = await startWaiting(pair, 'ours');
    const deleted = algolia.nextRequest('DELETE');
    await timed('approve', async () => {
      await approval.signal('approve', { approver: 'bench@example.com' });
      await deleted;
    });
    const waiting = await startWaiting(pair, 'empty');
    await timed('signalEmpty', async () => {
      await waiting.signal('goOn');
      await waiting.result();
    });
  }
  const shown = (name: string) => ({ median: `${median(samples[name] ?? []).toFixed(0)} ms` });
  console.log(`\nHow long a step takes (${ROUNDS} times each, one at a time)`);
  console.table({
    'start of callOperation → request at Algolia': shown('start'),
    'start of an empty workflow of one activity → result': shown('startEmpty'),
    'signal approve → request at Algolia': shown('approve'),
    'signal to an empty workflow → result': shown('signalEmpty'),
  });
}
