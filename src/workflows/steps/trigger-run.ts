import { ApplicationFailure } from '@temporalio/workflow';
import { once, repeatable } from '../proxies.ts';
import { attemptOnce } from './attempt-once.ts';
import { failureMessage } from './failure-type.ts';
import { lookFor } from './look-for.ts';

export interface TriggeredRun {
  readonly runID: string;
  /** ISO 8601: when the run was created, as the API says. */
  readonly createdAt: string;
  /** The answer to the trigger was lost, and this run was found. */
  readonly adopted: boolean;
  /** More than one was found: the newest is followed, but the trigger may have started any of them. */
  readonly duplicateSuspected: boolean;
}

const MAX_TRIGGERS = 3;

/**
 * Starts one run of a task. A lost answer is followed up: a new run that appeared is it; only if none does, the task is triggered again.
 * `onLost`: a run may have begun that nobody knows of.
 */
export async function triggerRun(
  { taskID, known, runMetadata }: { taskID: string; known: readonly string[]; runMetadata?: Record<string, unknown> },
  onLost: () => void,
): Promise<TriggeredRun> {
  let lastError: unknown;
  for (let trigger = 1; trigger <= MAX_TRIGGERS; trigger += 1) {
    const attempt = await attemptOnce(() =>
      once.runTask({ taskID, ...(runMetadata ? { runTaskPayload: { runMetadata } } : {}) }),
    );
    if (attempt.outcome === 'done') {
      return {
        runID: attempt.value.runID,
        createdAt: attempt.value.createdAt ?? '',
        adopted: false,
        duplicateSuspected: false,
      };
    }
    lastError = attempt.error;
    onLost();
    const runs = await lookFor(() => repeatable.findNewRuns({ taskID, known }));
    const [newest] = runs;
    if (newest) return { ...newest, adopted: true, duplicateSuspected: runs.length > 1 };
  }
  throw ApplicationFailure.create({
    type: 'AlgoliaAmbiguous',
    nonRetryable: true,
    message: `runTask was sent ${MAX_TRIGGERS} times without an answer and no run appeared; last: ${failureMessage(lastError)}`,
  });
}
