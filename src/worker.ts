#!/usr/bin/env node
import { NativeConnection, type Worker } from '@temporalio/worker';
import { assertDirectories } from './assert-directories.ts';
import { ConfigError, loadConfig, type Config } from './config.ts';
import { createWorker } from './create-worker.ts';
import { endInTime } from './end-in-time.ts';
import { installRuntime } from './install-runtime.ts';
import { createLogger } from './logger.ts';
import { messageOf } from './message-of.ts';
import { prepareNamespace } from './prepare-namespace.ts';
import { createScrubber } from './secrets/scrubber.ts';
import { warnOfOldServer } from './warn-of-old-server.ts';
import { warnOfRealSearch } from './warn-of-real-search.ts';

/** Connects, polls until told to stop (SIGTERM, SIGINT), lets activities finish within the grace, and leaves. */
async function main(): Promise<void> {
  const config = loadConfig();
  assertDirectories(config);
  const scrubber = createScrubber();
  const logger = createLogger(config.logLevel, scrubber.scrub);
  installRuntime(config, logger);
  warnOfRealSearch(config, logger);
  let worker: Worker | undefined;
  endInTime({ graceMs: config.shutdownGraceMs, worker: () => worker, log: (message) => logger.error(message) });
  const connection = await connect(config);
  try {
    worker = await createWorker(config, connection, scrubber);
    await Promise.all([warnOfOldServer(config, connection, logger), prepareNamespace(config, connection, logger)]);
    await worker.run();
  } finally {
    await connection.close();
  }
}

async function connect({ temporal }: Config): Promise<NativeConnection> {
  try {
    return await NativeConnection.connect(temporal.connectionOptions);
  } catch (error) {
    const address = temporal.connectionOptions.address ?? 'localhost:7233';
    // Temporal's core wraps what the system says into how it came to hear of it.
    const why = /(?:Os \{.*message|error): "([^"]+)"/.exec(messageOf(error))?.[1] ?? messageOf(error);
    throw new ConfigError(`TEMPORAL_ADDRESS: no Temporal server can be reached at ${address}: ${why}`, {
      cause: error,
    });
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof ConfigError ? error.message : ((error as Error).stack ?? String(error))}\n`);
  // Temporal's core keeps a process alive that has never had a connection.
  process.exit(1);
});
