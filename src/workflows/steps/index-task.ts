import { ApplicationFailure } from '@temporalio/workflow';
import type { IndexTask } from '../../activities/index-operations.ts';
import { repeatable } from '../proxies.ts';

/** One call of the activity. */
const SLICE_MS = 9 * 60_000;
/** Algolia works tasks off one after another, so a large one before it counts too. */
const MAX_SLICES = 20;

/** Waits until an index has done what it was told. */
export async function untilPublished(task: IndexTask): Promise<void> {
  for (let slice = 1; slice <= MAX_SLICES; slice += 1) {
    const { published } = await repeatable.awaitIndexTask({ ...task, waitMs: SLICE_MS });
    if (published) return;
  }
  throw ApplicationFailure.nonRetryable(
    `task ${task.taskID} of the index '${task.indexName}' was not published within ${(MAX_SLICES * SLICE_MS) / 3_600_000} hours`,
    'IndexTaskTimedOut',
  );
}
