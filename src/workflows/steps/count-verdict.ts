import { metricMeter } from '@temporalio/workflow';
import type { Verdict } from './verdict.ts';

/** A sync may follow several runs, or none. The SDK keeps replays from being counted. */
export function countVerdict(of: 'run' | 'sync', verdict: Verdict): void {
  const what = of === 'run' ? 'Runs that were followed, by their verdicts' : 'Syncs of a task by what they came to';
  metricMeter.createCounter(`algolia_ingestion_${of}_verdicts`, '', what).add(1, { verdict });
}
