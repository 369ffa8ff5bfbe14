import {
  Connection,
  defaultGrpcRetryOptions,
  isGrpcServiceError,
  makeGrpcRetryInterceptor,
  type ConnectionOptions,
} from '@temporalio/client';
import { messageOf } from '../message-of.ts';
import { CliError } from './exit.ts';

const CONNECT_WITHIN_MS = 5_000;

/** Of an answer that isn't gRPC's: of a Web UI, say, or of a proxy. */
const NO_GRPC = /Protocol error|Received HTTP status code/;
const NO_TLS = /wrong version number/;
/** What won't be otherwise in a moment, so that nobody waits for it. */
const isKnownAtOnce = (why: string) => [/ECONNREFUSED/, NO_GRPC, NO_TLS].some((known) => known.test(why));

/** A connection to a server that has answered. Until then what may pass is tried again for five seconds. */
export async function connect(options: ConnectionOptions): Promise<Connection> {
  let connected = false;
  let trouble: string | undefined;
  const retry = defaultGrpcRetryOptions();
  const retryUnlessKnown = makeGrpcRetryInterceptor({
    ...retry,
    retryableDecider(attempt, status) {
      // The deadline's own words hide what stood in the way until then.
      if (status.code === GRPC_UNAVAILABLE) trouble = status.details;
      return (connected || !isKnownAtOnce(status.details)) && retry.retryableDecider(attempt, status);
    },
  });
  let connection: Connection | undefined;
  try {
    const opened = (connection = Connection.lazy({ ...options, interceptors: [retryUnlessKnown] }));
    await opened.withDeadline(Date.now() + CONNECT_WITHIN_MS, () => opened.workflowService.getSystemInfo({}));
    connected = true;
    return opened;
  } catch (error) {
    await connection?.close();
    throw noServer(options.address ?? 'localhost:7233', trouble ?? messageOf(error), error);
  }
}

const GRPC_DEADLINE_EXCEEDED = 4;
const GRPC_UNIMPLEMENTED = 12;
const GRPC_UNAVAILABLE = 14;
const UNANSWERED: readonly number[] = [GRPC_DEADLINE_EXCEEDED, GRPC_UNIMPLEMENTED, GRPC_UNAVAILABLE];

/** A server that answers and says no speaks for itself. */
function noServer(address: string, why: string, error: unknown): unknown {
  if (isGrpcServiceError(error) && !UNANSWERED.includes(error.code)) return error;
  return new CliError(wordsOf(address, why), undefined, error);
}

function wordsOf(address: string, why: string): string {
  if (NO_GRPC.test(why))
    return `What answers at ${address} is no Temporal server: TEMPORAL_ADDRESS is that of its gRPC port, such as localhost:7233, not that of the Web UI.`;
  if (NO_TLS.test(why))
    return `What answers at ${address} speaks no TLS, which TEMPORAL_TLS or TEMPORAL_API_KEY asks for.`;
  const reason = why
    .replace(/^No connection established\. Last error: (Error: )?/, '')
    .replace(/\.? Resolution note: ?$/, '');
  return `No Temporal server answers at ${address} (${reason}). Is it running, and is TEMPORAL_ADDRESS right?`;
}
