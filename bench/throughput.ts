import { randomUUID } from 'node:crypto';
import { median } from './median.ts';
import { withPair, type Pair } from './pair.ts';
import type { Make } from './worker-process.ts';

const ROUNDS = 5;
const AT_ONCE = 20;

interface Variant {
  readonly worker: Make;
  readonly workflow: string;
  readonly args: readonly unknown[];
}

/** What is compared: as many steps, with and without what the project does in them. */
const COMPARISONS = {
  'workflows of one activity': {
    workflows: 200,
    steps: 1,
    ours: { worker: 'ours', workflow: 'callOperation', args: [{ operation: 'listTasks', params: {} }] },
    empty: { worker: 'empty', workflow: 'oneStep', args: [] },
  },
  'activities in chains of ten': {
    workflows: 60,
    steps: 10,
    ours: { worker: 'ours', workflow: 'tenCalls', args: [] },
    empty: { worker: 'empty', workflow: 'tenSteps', args: [] },
  },
} as const satisfies Record<string, { workflows: number; steps: number; ours: Variant; empty: Variant }>;

/**
 * Workflows and activities a second, ours with a request to Algolia in each activity, against the emptiest worker's. Both
 * workers run in processes of their own beside one server; rounds are interleaved.
 */
export async function benchThroughput(): Promise<void> {
  await withPair(async (pair) => {
    const rows: Record<string, Record<string, string>> = {};
    for (const [name, comparison] of Object.entries(COMPARISONS)) {
      const { workflows, steps } = comparison;
      const samples = { ours: [] as Sample[], empty: [] as Sample[] };
      for (let round = -1; round < ROUNDS; round += 1)
        for (const make of ['ours', 'empty'] as const) {
          const sample = await run(pair, comparison[make], workflows);
          // The first round warms up.
          if (round >= 0) samples[make].push(sample);
        }
      const [ours, empty] = [medianOf(samples.ours), medianOf(samples.empty)];
      rows[name] = {
        ours: `${((workflows * steps) / ours.seconds).toFixed(0)}/s`,
        empty: `${((workflows * steps) / empty.seconds).toFixed(0)}/s`,
        'ours / empty (goal ≥ 0.9)': (empty.seconds / ours.seconds).toFixed(2),
        "worker's CPU, ours / empty": (ours.cpuMs / empty.cpuMs).toFixed(2),
      };
    }
    console.log(`\nWorkflows and activities a second, ${AT_ONCE} workflows at a time (median of ${ROUNDS} rounds)`);
    console.table(rows);
  });
}

async function run({ client, workers }: Pair, { worker, workflow, args }: Variant, count: number): Promise<Sample> {
  const { taskQueue, cpuMs } = workers[worker];
  const cpuBefore = cpuMs();
  const startedAt = performance.now();
  let left = count;
  const one = async () => {
    while (left-- > 0)
      await client.workflow.execute(workflow, { taskQueue, workflowId: randomUUID(), args: [...args] });
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
  return { seconds: (performance.now() - startedAt) / 1_000, cpuMs: (cpuMs() - cpuBefore) / count };
}

interface Sample {
  readonly seconds: number;
  readonly cpuMs: number;
}

const medianOf = (samples: readonly Sample[]): Sample => ({
  seconds: median(samples.map(({ seconds }) => seconds)),
  cpuMs: median(samples.map(({ cpuMs }) => cpuMs)),
});
