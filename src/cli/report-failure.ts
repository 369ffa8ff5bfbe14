import {
  isGrpcServiceError,
  NamespaceNotFoundError,
  WorkflowFailedError,
  WorkflowNotFoundError,
} from '@temporalio/client';
import { CodecError } from '../codec/payload-codec.ts';
import { ConfigError } from '../config.ts';
import { messageOf } from '../message-of.ts';
import { EXIT } from './exit.ts';
import { describeFailure, exitCodeOf, failureOf } from './failure.ts';
import type { Report } from './report.ts';

const GRPC_NOT_FOUND = 5;
const GRPC_PERMISSION_DENIED = 7;
const GRPC_UNIMPLEMENTED = 12;
const GRPC_UNAUTHENTICATED = 16;

/** What is asked of a worker directly is an activity without a workflow. */
const TOO_OLD =
  'The server is too old for this, or has it switched off: to ask a worker directly takes Temporal 1.32, or 1.31 with activity.enableStandalone in its dynamic configuration.';

/** The same for what comes from Temporal, from a workflow or from the configuration. */
export function reportFailure(error: unknown): Report {
  if (error instanceof ConfigError) return { message: error.message, exitCode: EXIT.usage };
  if (error instanceof WorkflowNotFoundError)
    return { message: `There is no workflow ${error.workflowId}.`, exitCode: EXIT.notFound };
  const codecError = causesOf(error).find((cause) => cause instanceof CodecError);
  if (codecError) return { message: codecError.message, exitCode: EXIT.failed };
  const failure = failureOf(error);
  if (failure) {
    const of = error instanceof WorkflowFailedError ? 'workflow' : 'call';
    return { message: describeFailure(failure), exitCode: exitCodeOf(failure, of) };
  }
  const answer = causesOf(error).find((cause) => isGrpcServiceError(cause));
  if (answer) return reportTemporal(answer);
  if (error instanceof NamespaceNotFoundError)
    return { message: `There is no namespace ${error.namespace}: see TEMPORAL_NAMESPACE.`, exitCode: EXIT.notFound };
  return { message: messageOf(error), exitCode: EXIT.failed };
}

/** What the Temporal server said itself. */
function reportTemporal({ code, details }: { readonly code: number; readonly details: string }): Report {
  const message = `Temporal: ${details}`;
  switch (code) {
    case GRPC_NOT_FOUND:
      return { message, exitCode: EXIT.notFound };
    case GRPC_PERMISSION_DENIED:
    case GRPC_UNAUTHENTICATED:
      return { message, exitCode: EXIT.denied };
    case GRPC_UNIMPLEMENTED:
      return { message: `${message}. ${TOO_OLD}`, exitCode: EXIT.failed };
    default:
      return { message, exitCode: EXIT.failed };
  }
}

function causesOf(error: unknown): Error[] {
  return error instanceof Error ? [error, ...causesOf(error.cause)] : [];
}
