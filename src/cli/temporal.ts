import { hostname, userInfo } from 'node:os';
import { Client, type Connection } from '@temporalio/client';
import { createDataConverter } from '../codec/data-converter.ts';
import { loadCliConfig, loadTemporalConfig, type CliConfig } from '../config.ts';
import { connect } from './connect.ts';

export interface Session {
  readonly client: Client;
  readonly connection: Connection;
  readonly config: CliConfig;
}

/** Connects as `TEMPORAL_*` say and on behalf of `identity`, the name under which Temporal keeps what is sent. */
export async function withTemporal<T>(
  work: (session: Session) => Promise<T>,
  { identity = whoAmI() }: { identity?: string | undefined } = {},
): Promise<T> {
  const config = loadCliConfig();
  const { connectionOptions, namespace } = loadTemporalConfig();
  const connection = await connect(connectionOptions);
  try {
    const dataConverter = createDataConverter(config.codecKeys);
    const client = new Client({ connection, namespace, identity, dataConverter });
    return await work({ client, connection, config });
  } finally {
    await connection.close();
  }
}

export function whoAmI(): string {
  return `${userName()}@${hostname()}`;
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container's user may have a number only.
    return String(process.getuid?.() ?? 'unknown');
  }
}
