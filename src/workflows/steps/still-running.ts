import { CancellationScope } from '@temporalio/workflow';
import { repeatable } from '../proxies.ts';
import { isNotFound } from './failure-type.ts';
import { lookFor } from './look-for.ts';

/** Whoever cancels wants to see it end, even during an outage. */
const ASK_FOR_MS = 60_000;

/** Whether a run that is no longer waited for goes on at Algolia, which can't stop it. When Algolia can't be asked, it is taken to. */
export async function stillRunning(runID: string): Promise<boolean> {
  try {
    const { status } = await CancellationScope.withTimeout(ASK_FOR_MS, () => repeatable.getRun({ runID }));
    return status !== 'finished' && status !== 'skipped';
  } catch (error) {
    return !isNotFound(error);
  }
}

/**
 * The runs of a task that began since `known` were all: what a trigger that was cut short may have started. Of one that was `lost`
 * they may take a while to show. Undefined when Algolia can't be asked.
 */
export async function startedSince(
  taskID: string,
  known: readonly string[],
  { lost }: { readonly lost: boolean },
): Promise<readonly string[] | undefined> {
  let begun: readonly string[] | undefined;
  const look = async () => (begun = (await repeatable.findNewRuns({ taskID, known })).map(({ runID }) => runID));
  try {
    await CancellationScope.withTimeout(ASK_FOR_MS, () => (lost ? lookFor(look) : look()));
  } catch {
    // Then it is what was seen last.
  }
  return begun;
}
