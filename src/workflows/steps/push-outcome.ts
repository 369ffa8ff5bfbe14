import type { PushCheckpoint } from '../../activities/push-checkpoint.ts';

/** What a checkpoint says to people: the members of the result that it knows. */
export function outcomeOf({ tally, unverified, firstFailures, firstBadRecords, atEnd, stopped }: PushCheckpoint) {
  const { pushed, verified, failed, batches, bytes, repeated, badRecords } = tally;
  return {
    pushed,
    verified,
    failed,
    batches,
    bytes,
    repeated,
    badRecords,
    firstBadRecords,
    failures: firstFailures,
    complete: atEnd && stopped === undefined,
    unverified: unverified.reduce((sum, { records }) => sum + records, 0),
    ...(stopped ? { reason: stopped.message } : {}),
  };
}
