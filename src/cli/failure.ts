import { ActivityExecutionFailedError, WorkflowFailedError } from '@temporalio/client';
import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  ChildWorkflowFailure,
  TerminatedFailure,
  TimeoutFailure,
} from '@temporalio/common';
import { EXIT, type ExitCode } from './exit.ts';

const MAX_DETAIL_CHARACTERS = 500;

/** Why an activity or a workflow failed, in words and for programs. */
export interface Failure {
  readonly type: string;
  readonly message: string;
  readonly details?: unknown;
}

/** Undefined when the error is no failure of a workflow or activity but one of the way there. */
export function failureOf(error: unknown): Failure | undefined {
  if (error instanceof ActivityExecutionFailedError || error instanceof WorkflowFailedError)
    return read(error.cause ?? error);
  return error instanceof ApplicationFailure ? read(error) : undefined;
}

function read(error: Error): Failure {
  if ((error instanceof ActivityFailure || error instanceof ChildWorkflowFailure) && error.cause)
    return read(error.cause);
  if (error instanceof ApplicationFailure) {
    const [details] = error.details ?? [];
    return { type: error.type ?? 'Error', message: error.message, ...(details === undefined ? {} : { details }) };
  }
  if (error instanceof TimeoutFailure)
    return {
      type: 'Timeout',
      message: `it took too long (${String(error.timeoutType).toLowerCase().replaceAll('_', ' ')})`,
    };
  if (error instanceof CancelledFailure) return { type: 'Cancelled', message: 'it was cancelled' };
  if (error instanceof TerminatedFailure) return { type: 'Terminated', message: error.message || 'it was terminated' };
  return { type: error.name, message: error.message };
}

/** A line for what happened and one for each detail. */
export function describeFailure({ type, message, details }: Failure): string {
  const entries = typeof details === 'object' && details !== null ? Object.entries(details) : [];
  const lines = entries.map(([name, value]) => {
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    return `  ${name}: ${text.length > MAX_DETAIL_CHARACTERS ? `${text.slice(0, MAX_DETAIL_CHARACTERS)} …` : text}`;
  });
  return [`${type}: ${message}`, ...lines].join('\n');
}

/** An operation's 404 and 403 are answers of their own; a workflow failed, or was denied its approval. */
export function exitCodeOf({ type, details }: Failure, of: 'call' | 'workflow'): ExitCode {
  if (type === 'ApprovalDenied') return EXIT.denied;
  if (of === 'workflow') return EXIT.failed;
  if (type === 'AlgoliaAuth') return EXIT.denied;
  const status = (details as { status?: unknown } | null | undefined)?.status;
  return type === 'AlgoliaInvalid' && status === 404 ? EXIT.notFound : EXIT.failed;
}
