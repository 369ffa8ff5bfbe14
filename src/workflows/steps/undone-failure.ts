import { ApplicationFailure } from '@temporalio/workflow';
import { failureMessage, failureType, unwrap } from './failure-type.ts';
import { isOwnCancellation } from './own-cancellation.ts';

export interface Undone {
  /** The type of the failure, if what went wrong has none. */
  readonly type: string;
  /** What became of what had been done, in a sentence; absent: nothing had been. */
  readonly outcome?: string | undefined;
  /** Stand after the details of what went wrong. */
  readonly details?: object | undefined;
}

/** What to throw after undoing: what went wrong, with what became of it. A cancellation passes on as it is. */
export function undoneFailure(error: unknown, { type, outcome, details }: Undone): unknown {
  if (isOwnCancellation(error)) return error;
  const cause = unwrap(error);
  return ApplicationFailure.create({
    type: failureType(error) ?? type,
    nonRetryable: true,
    message: outcome === undefined ? failureMessage(error) : `${failureMessage(error).replace(/\.$/, '')}. ${outcome}`,
    details: [...((cause instanceof ApplicationFailure && cause.details) || []), ...(details ? [details] : [])],
    ...(cause instanceof Error ? { cause } : {}),
  });
}

/** Why something is undone, in words. */
export const reasonOf = (error: unknown): string => (isOwnCancellation(error) ? 'cancelled' : failureMessage(error));
