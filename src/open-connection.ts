import { NativeConnection } from '@temporalio/worker';
import { ConfigError, type Config } from './config.ts';
import { messageOf } from './message-of.ts';

const addressOf = ({ connectionOptions: { address = 'localhost:7233' } }: Config['temporal']): string => address;

/** A connection to a Temporal server that has answered, or {@link ConfigError}. */
export async function openConnection(temporal: Config['temporal']): Promise<NativeConnection> {
  try {
    return await NativeConnection.connect(temporal.connectionOptions);
  } catch (error) {
    throw new ConfigError(
      `TEMPORAL_ADDRESS: no Temporal server can be reached at ${addressOf(temporal)}: ${whyUnreachable(messageOf(error))}`,
      { cause: error },
    );
  }
}

/** What answers a greeting in TLS in another language. */
const NO_TLS = /InvalidMessage\(InvalidContentType\)/;

/** Temporal's core wraps what the system says into how it came to hear of it. */
function whyUnreachable(message: string): string {
  if (NO_TLS.test(message)) return 'what answers there speaks no TLS, which TEMPORAL_TLS or TEMPORAL_API_KEY asks for';
  return /(?:Os \{.*message|error): "([^"]+)"/.exec(message)?.[1] ?? message;
}

/** What a worker fails with that may not be in its namespace, as {@link ConfigError}; undefined for any other error. */
export function namespaceRefused(error: unknown, temporal: Config['temporal']): ConfigError | undefined {
  const [, why] = /^Namespace .* could not be described: Status \{.*? message: "([^"]+)"/.exec(messageOf(error)) ?? [];
  if (why === undefined) return undefined;
  return new ConfigError(
    `TEMPORAL_NAMESPACE: the Temporal server at ${addressOf(temporal)} says of ${temporal.namespace}: ${why}`,
    { cause: error },
  );
}
