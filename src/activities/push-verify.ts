import { AlgoliaError } from '../algolia/algolia-error.ts';
import type { EventReader } from './push-events.ts';
import type { SliceState } from './push-slice-state.ts';

/** While more is being sent, nobody waits for events. */
const FIRST_POLL_MS = 200;
/** When nothing is left but to wait. */
const FIRST_LAST_POLL_MS = 50;
const MAX_POLL_MS = 5_000;

/** Reads the events of what was taken, until all have said how it went or the slice is over. Never rejects. */
export async function verifyBatches(slice: SliceState, events: EventReader): Promise<void> {
  const { ledger, changes } = slice;
  let firstMs = FIRST_POLL_MS;
  let pauseMs = firstMs;
  const isDone = () => slice.isOver || (slice.allAnswered && ledger.unverifiedCount === 0);
  const isNowLast = () => slice.allAnswered && firstMs !== FIRST_LAST_POLL_MS;
  for (;;) {
    await changes.until(() => isDone() || ledger.unverifiedCount > 0);
    if (isDone()) return;
    const pollAt = Date.now() + pauseMs;
    await changes.until(() => slice.isOver || isNowLast() || Date.now() >= pollAt, pauseMs);
    if (isDone()) return;
    if (isNowLast()) firstMs = pauseMs = FIRST_LAST_POLL_MS;
    try {
      const settled = await readEvents(slice, events);
      pauseMs = settled > 0 ? firstMs : Math.min(pauseMs * 1.5, MAX_POLL_MS);
    } catch (error) {
      if (isPassing(error)) {
        slice.trouble = error.message;
        const { retryAfterMs } = error.details;
        if (retryAfterMs !== undefined) slice.comeBackIn(retryAfterMs);
        pauseMs = retryAfterMs ?? MAX_POLL_MS;
      } else {
        slice.eventsRefused = error instanceof AlgoliaError;
        return slice.stopFor(error);
      }
    }
  }
}

/** Returns how many batches were settled. */
async function readEvents(slice: SliceState, events: EventReader): Promise<number> {
  const { ledger, changes, readSignal } = slice;
  const { verifyWithinMs } = slice.input;
  const asked = ledger.unverified(!slice.reading);
  const outcomes = await events.read(asked, readSignal);
  let settled = 0;
  for (const batch of asked) {
    const outcome = outcomes.get(batch.eventID);
    if (outcome) ledger.settled(batch, outcome.outcome === 'failed' ? outcome : undefined);
    else if (Date.now() - batch.since > verifyWithinMs)
      ledger.settled(batch, {
        reason: `its event said nothing within ${Math.round(verifyWithinMs / 1000)} s`,
        objectIDs: [],
      });
    else continue;
    settled += 1;
  }
  if (settled > 0) slice.stopAfterFailures();
  changes.notify();
  return settled;
}

function isPassing(error: unknown): error is AlgoliaError {
  return error instanceof AlgoliaError && (error.type === 'AlgoliaUnavailable' || error.type === 'AlgoliaRateLimited');
}
