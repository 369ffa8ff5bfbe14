import { ApplicationFailure, CancellationScope, CancelledFailure } from '@temporalio/workflow';
import type { FromTo } from '../../activities/index-operations.ts';
import { once, repeatable } from '../proxies.ts';
import { attemptOnce, type Attempt } from './attempt-once.ts';
import { failureMessage, isNotFound } from './failure-type.ts';
import { untilPublished } from './index-task.ts';
import { lookFor } from './look-for.ts';

const MAX_MOVES = 3;

/**
 * Moves an index into another's place. `onSent` is called once the move may have reached Algolia: from there on it is seen
 * through whatever is cancelled, for nothing else tells which of the two indices is the live one. A lost answer is followed
 * up by looking: if the index to move is gone, it was moved; if it is still there after a minute, it wasn't, and is moved again.
 * (Algolia ignores the move of an index that is not there, so a late first one does no harm.)
 */
export async function moveIndex(move: FromTo, onSent: () => void): Promise<void> {
  if (CancellationScope.current().consideredCancelled) throw new CancelledFailure('cancelled before the move was sent');
  const first = await attemptOnce(() => once.moveIndex(move));
  onSent();
  await CancellationScope.nonCancellable(() => untilMoved(move, first));
}

async function untilMoved(move: FromTo, first: Attempt<{ indexName: string; taskID: number }>): Promise<void> {
  let attempt = first;
  for (let sent = 1; ; sent += 1) {
    if (attempt.outcome === 'done') return untilPublished(attempt.value);
    const gone = await lookFor(async () => ((await isThere(move.indexName)) ? [] : [true]));
    if (gone.length > 0) return;
    if (sent === MAX_MOVES)
      throw ApplicationFailure.nonRetryable(
        `the move got no answer ${MAX_MOVES} times, and '${move.indexName}' is still there; last: ${failureMessage(attempt.error)}`,
        'AlgoliaAmbiguous',
      );
    attempt = await moveAgain(move);
  }
}

/** Found gone after all: then an earlier move has happened meanwhile, which the next look shows. */
async function moveAgain(move: FromTo): Promise<Attempt<{ indexName: string; taskID: number }>> {
  try {
    return await attemptOnce(() => once.moveIndex(move));
  } catch (error) {
    if (isNotFound(error)) return { outcome: 'ambiguous', error };
    throw error;
  }
}

const isThere = async (indexName: string) => (await repeatable.countRecords({ indexName })).exists;
