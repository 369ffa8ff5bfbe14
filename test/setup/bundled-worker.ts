import { NativeConnection, Runtime } from '@temporalio/worker';
import { loadConfig } from '../../src/config.ts';
import { createWorker } from '../../src/create-worker.ts';
import { createLogger } from '../../src/logger.ts';
import { createScrubber } from '../../src/secrets/scrubber.ts';

/** As `src/worker.ts`, but with workflows that are bundled already, for tests that start many: `bundled-worker.ts <path of the bundle>`. */
const [codePath = ''] = process.argv.slice(2);
const config = loadConfig();
const scrubber = createScrubber();
Runtime.install({ logger: createLogger(config.logLevel, scrubber.scrub) });
const connection = await NativeConnection.connect(config.temporal.connectionOptions);
const worker = await createWorker(config, connection, scrubber, { workflowBundle: { codePath } });
await worker.run();
await connection.close();
