import { activityInfo, cancellationSignal } from '@temporalio/activity';
import type { AlgoliaClient } from '../algolia/client.ts';
import type { PushAction } from '../operations/push.ts';
import type { RecordsAccess } from '../records/open-records.ts';
import type { ApiKeys } from '../secrets/api-keys.ts';
import type { PushTarget } from './push-batch.ts';
import { FRESH_CHECKPOINT, type PushCheckpoint } from './push-checkpoint.ts';
import { createCommitter } from './push-commit.ts';
import { createEventReader } from './push-events.ts';
import { BatchSender } from './push-send.ts';
import { SliceState } from './push-slice-state.ts';
import type { RecordsSource } from './push-source.ts';
import { verifyBatches } from './push-verify.ts';
import { toFailure } from './to-failure.ts';

/** What is under way is waited for this long when the workflow wants the slice to end. */
const ASKED_DRAIN_MS = 30_000;
/** The same when the worker has to leave: a few seconds later it is ended. */
const SHUTDOWN_DRAIN_MS = 3_000;

export interface PushSliceInput {
  readonly source: RecordsSource;
  readonly target: PushTarget;
  readonly action: PushAction;
  readonly batch: { readonly maxRecords: number; readonly maxBytes: number };
  readonly maxParallel: number;
  readonly verify: 'everyEvent' | 'none';
  readonly verifyWithinMs: number;
  readonly stopAfterFailures: number;
  readonly onBadRecord: 'fail' | 'skip';
  readonly allowRepeat: boolean;
  /** How long this call may push. */
  readonly sliceMs: number;
  /** Where to go on; absent: from the beginning. */
  readonly checkpoint?: PushCheckpoint;
}

export interface PushSlice {
  /** Nothing is left to do: everything is pushed and verified, or pushing has stopped and what was pushed is verified. */
  readonly ended: boolean;
  readonly checkpoint: PushCheckpoint;
  /** Why batches weren't taken lately. */
  readonly trouble?: string;
  /** How much longer Algolia wants to be left alone, in ms. */
  readonly pauseMs?: number;
}

/**
 * Pushes for a while: several batches at a time, their events read meanwhile, and says how far it came.
 * A worker that dies leaves its last commit; the next attempt goes on from there.
 */
export function createPushSlice(client: AlgoliaClient, keys: ApiKeys, access: RecordsAccess) {
  return async function pushSlice(input: PushSliceInput): Promise<PushSlice> {
    const resumed = activityInfo().heartbeatDetails as PushCheckpoint | undefined;
    const slice = new SliceState(input, resumed ?? input.checkpoint ?? FRESH_CHECKPOINT);
    const { ledger, changes } = slice;
    const committer = createCommitter({
      maxParallel: input.maxParallel,
      changes,
      snapshot: () => ledger.snapshot(),
      onCancelRequested: () => slice.interrupt(ASKED_DRAIN_MS),
    });
    const sender = new BatchSender(slice, { client, keys, access, committer });
    const stopListening = onCancelled((drainMs) => slice.interrupt(drainMs));
    const committing = committer.run().catch((error: unknown) => slice.failAtOnce(error));
    try {
      await Promise.all([sender.run(), verifyBatches(slice, createEventReader(client, keys))]);
      await slice.drain();
      if (slice.sourceLost) ledger.giveUpUnanswered();
    } finally {
      stopListening();
      committer.stop();
      await committing;
    }
    if (slice.failure) throw toFailure(slice.failure.error);
    const { trouble, isEnded, notBefore } = slice;
    const pauseMs = notBefore - Date.now();
    return {
      ended: isEnded,
      checkpoint: ledger.snapshot(),
      ...(trouble === undefined ? {} : { trouble }),
      ...(pauseMs > 0 && !isEnded ? { pauseMs } : {}),
    };
  };
}

/** Tells of a cancellation, from the workflow or because the worker shuts down. Returns how to listen no more. */
function onCancelled(interrupt: (drainMs: number) => void): () => void {
  const signal = cancellationSignal();
  const onAbort = () =>
    interrupt((signal.reason as Error).message === 'WORKER_SHUTDOWN' ? SHUTDOWN_DRAIN_MS : ASKED_DRAIN_MS);
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  return () => signal.removeEventListener('abort', onAbort);
}
