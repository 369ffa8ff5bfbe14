import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  ChildWorkflowFailure,
  TemporalFailure,
  TimeoutFailure,
} from '@temporalio/workflow';

/** The `type` that names a failure, of whatever it is wrapped in; a timeout's is `Timeout`. */
export function failureType(error: unknown): string | undefined {
  const failure = unwrap(error);
  if (failure instanceof ApplicationFailure) return failure.type ?? undefined;
  return failure instanceof TimeoutFailure ? 'Timeout' : undefined;
}

/** What an activity or child failed of, rather than that it failed. */
export function unwrap(error: unknown): unknown {
  return (error instanceof ActivityFailure || error instanceof ChildWorkflowFailure) && error.cause
    ? unwrap(error.cause)
    : error;
}

/** A sentence for people. */
export function failureMessage(error: unknown): string {
  const failure = unwrap(error);
  // Temporal has no words for this one.
  if (failure instanceof CancelledFailure && error instanceof ChildWorkflowFailure)
    return `the workflow ${error.execution.workflowId} was cancelled`;
  return failure instanceof Error ? failure.message : String(failure);
}

/** Algolia's details of a failed call: operation, status, message, how long to wait. */
export function failureDetails(error: unknown): { status?: number; retryAfterMs?: number } {
  const failure = unwrap(error);
  return (failure instanceof ApplicationFailure && (failure.details?.[0] as object | undefined)) || {};
}

/** The thing is gone, or never was. */
export const isNotFound = (error: unknown) =>
  failureType(error) === 'AlgoliaInvalid' && failureDetails(error).status === 404;

/** A child was not started, for a workflow has its id already. (The class itself isn't exported to workflow code.) */
export const isAlreadyStarted = (error: unknown) =>
  error instanceof TemporalFailure && error.name === 'WorkflowExecutionAlreadyStartedError';
