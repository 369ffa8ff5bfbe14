#!/usr/bin/env node
import type { Worker } from '@temporalio/worker';
import { assertDirectories } from './assert-directories.ts';
import { ConfigError, loadConfig } from './config.ts';
import { createWorker } from './create-worker.ts';
import { endInTime } from './end-in-time.ts';
import { installRuntime } from './install-runtime.ts';
import { createLogger } from './logger.ts';
import { namespaceRefused, openConnection } from './open-connection.ts';
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
  const connection = await openConnection(config.temporal);
  try {
    worker = await createWorker(config, connection, scrubber).catch((error: unknown) => {
      throw namespaceRefused(error, config.temporal) ?? error;
    });
    await Promise.all([warnOfOldServer(config, connection, logger), prepareNamespace(config, connection, logger)]);
    await worker.run();
  } finally {
    await connection.close();
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof ConfigError ? error.message : ((error as Error).stack ?? String(error))}\n`);
  // Temporal's core keeps a process alive that has never had a connection.
  process.exit(1);
});
