import { activityInfo, cancellationSignal, Context } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import { IllegalStateError } from '@temporalio/common';
import { AlgoliaError } from '../algolia/algolia-error.ts';
import { toFailure } from './to-failure.ts';

/** A request that changes something is written within this time of the last proof that the attempt still counts. */
const WRITE_WITHIN_MS = 5_000;

/** Does an activity's work: heartbeats meanwhile, and fails with the types that workflows branch on. Its signal is the activity's cancellation. */
export async function attempt<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const signal = cancellationSignal();
  try {
    return await heartbeating(() => work(signal));
  } catch (error) {
    throw toFailure(error);
  }
}

/** Runs `work` while telling Temporal, thrice per heartbeat timeout, that this worker lives. Cancellation arrives by that too. */
export async function heartbeating<T>(work: () => Promise<T>): Promise<T> {
  const { heartbeatTimeoutMs } = activityInfo();
  if (!heartbeatTimeoutMs) return work();
  const context = Context.current();
  const timer = setInterval(() => context.heartbeat(), heartbeatTimeoutMs / 3);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}

/** An attempt after the first is refused: the one before it may have reached Algolia (a worker that was killed cannot say). */
function assertOnlyAttempt(operation: string): void {
  const { attempt: nth, heartbeatDetails } = activityInfo();
  if (nth > 1 && (heartbeatDetails as { nothingSent?: boolean } | undefined)?.nothingSent !== true) {
    throw new AlgoliaError(
      'AlgoliaAmbiguous',
      `${operation}: an earlier attempt may have reached Algolia, so it is not sent again`,
      { operation },
    );
  }
}

/**
 * A worker that was frozen, or got the task late, asks the server whether this attempt still counts before it writes: what the next
 * one has written may be undone by now. The question wipes what an earlier attempt left in the heartbeat.
 */
async function assertStillCounts(operation: string): Promise<void> {
  const { taskToken, isLocal } = activityInfo();
  // Temporal knows nothing of it, and would be asked for ever.
  if (isLocal)
    throw new AlgoliaError(
      'AlgoliaInvalid',
      `${operation}: a local activity can't ask Temporal whether its attempt still counts, so nothing was sent: use proxyActivities`,
      { operation },
    );
  const context = Context.current();
  const client = clientOf(context);
  if (!client) return;
  let proof;
  try {
    proof = await client.workflowService.recordActivityTaskHeartbeat({
      namespace: client.options.namespace,
      taskToken,
      identity: client.options.identity,
    });
  } catch (error) {
    throw new AlgoliaError(
      'AlgoliaUnavailable',
      `${operation}: could not learn that this attempt is still the current one, so nothing was sent`,
      { operation },
      error,
    );
  }
  if (proof.cancelRequested) {
    // The SDK's own heartbeat brings it the news, and the cancellation with its reason.
    context.heartbeat({ nothingSent: true });
    await context.cancelled;
  }
}

/** None in a unit test's `MockActivityEnvironment`, where there is no server, and so no other attempt. */
function clientOf(context: Context): Client | undefined {
  try {
    return context.client;
  } catch (error) {
    if (error instanceof IllegalStateError) return undefined;
    throw error;
  }
}

/** The next attempt may send: this one provably did not. */
function recordNothingSent(): void {
  Context.current().heartbeat({ nothingSent: true });
}

type Send<T> = (options: { readonly writeBefore: number }) => Promise<T>;

/** Sends a request that changes something and may be sent again, as long as this attempt is the current one. */
export async function sendIfCurrent<T>(operation: string, send: Send<T>): Promise<T> {
  // Before the proof is asked for, and for every request that `send` makes: the process may be frozen at any time.
  const writeBefore = performance.now() + WRITE_WITHIN_MS;
  await assertStillCounts(operation);
  return send({ writeBefore });
}

/** Sends a request that may have its effect only once: at most one attempt does, unless those before it provably sent nothing. */
export async function sendOnce<T>(operation: string, send: Send<T>): Promise<T> {
  try {
    assertOnlyAttempt(operation);
    return await sendIfCurrent(operation, send);
  } catch (error) {
    if (error instanceof AlgoliaError && (error.type === 'AlgoliaUnavailable' || error.type === 'AlgoliaRateLimited'))
      recordNothingSent();
    throw error;
  }
}
