import type { ActivityHandle } from '@temporalio/client';
import { failureOf } from './failure.ts';
import { remark } from './output.ts';

const LOOK_EVERY_MS = 2_000;
/** A worker takes an activity within milliseconds; after this long it is worth a word. */
const QUEUED_TOO_LONG_MS = 6_000;

/** The answer; and, while it takes longer than usual, a word on why: attempts that failed, a queue that nobody serves. */
export async function watchedCall(handle: ActivityHandle): Promise<unknown> {
  const told = { attempts: 0, queued: false };
  const startedAt = Date.now();
  const timer = setInterval(() => {
    // A look that fails says nothing about the call.
    tellWhatGoesOn(handle, Date.now() - startedAt, told).catch(() => undefined);
  }, LOOK_EVERY_MS);
  try {
    return await handle.result();
  } finally {
    clearInterval(timer);
  }
}

async function tellWhatGoesOn(
  handle: ActivityHandle,
  elapsedMs: number,
  told: { attempts: number; queued: boolean },
): Promise<void> {
  const description = await handle.describe({ includeLastFailure: true });
  const failedAttempts = description.attempt - 1;
  if (failedAttempts > told.attempts) {
    told.attempts = failedAttempts;
    const failure = await description.getLastFailure();
    remark(`Attempt ${failedAttempts} failed: ${failureOf(failure)?.message ?? failure?.message ?? 'no reason given'}`);
  }
  if (failedAttempts === 0 && description.runState === 'SCHEDULED' && !told.queued && elapsedMs > QUEUED_TOO_LONG_MS) {
    told.queued = true;
    remark('No worker has taken it yet; the one that polled the queue last may be gone.');
  }
}
