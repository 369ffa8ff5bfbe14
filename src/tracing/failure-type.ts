import { ActivityFailure, ChildWorkflowFailure } from '@temporalio/common';
import type { temporal } from '@temporalio/proto';

/** All that a span says of a failure: its words may repeat what Algolia was sent or has answered, and are encrypted in Temporal where anything is. */
export function typeOfError(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  // That an activity has failed says less than what it has failed with.
  if (error instanceof ActivityFailure || error instanceof ChildWorkflowFailure) return typeOfError(error.cause);
  return 'type' in error && typeof error.type === 'string' ? error.type : error.name;
}

/** The same of a failure as Temporal writes it. */
export function typeOfFailure(failure: temporal.api.failure.v1.IFailure | null | undefined): string {
  if (failure?.activityFailureInfo || failure?.childWorkflowExecutionFailureInfo) return typeOfFailure(failure.cause);
  if (failure?.canceledFailureInfo) return 'CancelledFailure';
  if (failure?.timeoutFailureInfo) return 'TimeoutFailure';
  return failure?.applicationFailureInfo?.type || 'unknown';
}
