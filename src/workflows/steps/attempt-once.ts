import { CancellationScope, CancelledFailure, isCancellation, sleep } from '@temporalio/workflow';
import { follows } from './changes.ts';
import { failureDetails, failureType } from './failure-type.ts';

/** What became of a request that must not be repeated blindly. */
export type Attempt<T> =
  | { readonly outcome: 'done'; readonly value: T }
  | { readonly outcome: 'ambiguous'; readonly error: unknown };

const FIRST_PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 60_000;
/** An outage longer than about half an hour is told, not waited out. */
const MAX_ATTEMPTS = 35;

/**
 * Sends until the request has certainly arrived, or may have: what provably did nothing (refused, rate limited) is sent again.
 * A request under way is not cancelled, for then nobody would know whether it had its effect.
 */
export async function attemptOnce<T>(send: () => Promise<T>): Promise<Attempt<T>> {
  for (let attempt = 1; ; attempt += 1) {
    // It may have come together with the answer that leads here.
    if (CancellationScope.current().consideredCancelled && follows('send nothing once cancelled'))
      throw new CancelledFailure('cancelled');
    try {
      return { outcome: 'done', value: await CancellationScope.nonCancellable(send) };
    } catch (error) {
      if (isCancellation(error)) throw error;
      switch (failureType(error)) {
        case 'AlgoliaInvalid':
        case 'AlgoliaAuth':
          throw error;
        case 'AlgoliaRateLimited':
        case 'AlgoliaUnavailable': {
          if (attempt >= MAX_ATTEMPTS) throw error;
          const backoffMs = Math.min(FIRST_PAUSE_MS * 2 ** (attempt - 1), MAX_PAUSE_MS);
          await sleep(failureDetails(error).retryAfterMs ?? backoffMs, { summary: 'before sending again' });
          break;
        }
        default:
          // AlgoliaAmbiguous, a timeout, a worker that shut down: nobody can say.
          return { outcome: 'ambiguous', error };
      }
    }
  }
}
