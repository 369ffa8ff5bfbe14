import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { Client } from '@temporalio/client';
import { Runtime, type NativeConnection, type WorkerOptions } from '@temporalio/worker';
import { ConfigError, type Config } from './config.ts';
import { configuredApiKeys } from './secrets/api-keys.ts';
import { createFingerprint } from './secrets/fingerprint.ts';
import { KeyRing, KeyRingUnreachable } from './secrets/key-ring.ts';
import { keyRingId } from './secrets/key-ring-state.ts';
import { createKeyStore, type KeyStore } from './secrets/key-store.ts';
import { readKeyRing } from './secrets/read-key-ring.ts';
import type { Scrubber } from './secrets/scrubber.ts';
import { createSecretFiles } from './secrets/secret-files.ts';
import { SecretUnavailable, type SecretStore } from './secrets/secret-store.ts';

export interface JoinKeyRingOptions {
  readonly config: Config;
  readonly connection: NativeConnection;
  readonly dataConverter: WorkerOptions['dataConverter'];
  readonly scrubber: Scrubber;
  readonly secrets: SecretStore;
}

export interface JoinedKeyRing {
  /** As the worker: its namespace, its data converter. */
  readonly client: Client;
  readonly keys: KeyRing;
  readonly keyStore: KeyStore;
  /** Ends with the id by which the ring knows this worker: so the list of pollers says who has yet to confirm. */
  readonly identity: string;
  /** Follows the ring for as long as a worker runs. */
  readonly whileRunning: (run: () => Promise<void>) => Promise<void>;
}

/** Takes the API key from the application's key ring. A key that this worker can't read stops it before it polls. */
export async function joinKeyRing(options: JoinKeyRingOptions): Promise<JoinedKeyRing> {
  const { config, connection, dataConverter, scrubber, secrets } = options;
  const { applicationId } = config;
  const workerId = randomBytes(4).toString('hex');
  const client = new Client({
    connection,
    namespace: config.temporal.namespace,
    ...(dataConverter ? { dataConverter } : {}),
  });
  const configured = configuredApiKeys(config.apiKey, scrubber);
  const keyStore = createKeyStore({
    secrets,
    configured,
    files: createSecretFiles(config.secretsDir),
    fingerprint: createFingerprint({ applicationId, pepper: config.secretVariables.SECRET_KEY_FINGERPRINT_PEPPER }),
    learn: scrubber.learn,
  });
  const keys = new KeyRing({
    workerId,
    configured,
    store: keyStore,
    readRing: () => readKeyRing(client, applicationId),
    tellRing: (signal, epoch) =>
      client.workflow.getHandle(keyRingId(applicationId)).signal(signal, { workerId, epoch }),
    warn: (message) => Runtime.instance().logger.warn(message),
  });
  await keys.current().catch((error: unknown) => {
    if (error instanceof SecretUnavailable) throw new ConfigError(error.message, { cause: error });
    // Whoever needs the key asks again.
    if (!(error instanceof KeyRingUnreachable)) throw error;
  });
  return {
    client,
    keys,
    keyStore,
    identity: `${process.pid}@${hostname()}#${workerId}`,
    whileRunning: watchWith(keys),
  };
}

function watchWith(keys: KeyRing): JoinedKeyRing['whileRunning'] {
  return async (run) => {
    const stop = new AbortController();
    const watching = keys.watch(stop.signal);
    try {
      await run();
    } finally {
      stop.abort();
      await watching;
    }
  };
}
