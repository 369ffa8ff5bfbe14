import { NativeConnection } from '@temporalio/worker';
import { loadConfig } from '../../src/config.ts';
import { createWorker } from '../../src/create-worker.ts';
import { installRuntime } from '../../src/install-runtime.ts';
import { createLogger } from '../../src/logger.ts';
import { createScrubber } from '../../src/secrets/scrubber.ts';

/** As `src/worker.ts`, but with workflows that are bundled already, for tests that start many: `bundled-worker.ts <path of the bundle> [<build of the deployment 'test'>]`. */
const [codePath = '', buildId] = process.argv.slice(2);
const config = loadConfig();
const scrubber = createScrubber();
installRuntime(config, createLogger(config.logLevel, scrubber.scrub));
const connection = await NativeConnection.connect(config.temporal.connectionOptions);
const versioned = buildId && {
  workerDeploymentOptions: {
    version: { deploymentName: 'test', buildId },
    useWorkerVersioning: true,
    defaultVersioningBehavior: 'AUTO_UPGRADE',
  } as const,
};
const worker = await createWorker(config, connection, scrubber, { workflowBundle: { codePath }, ...versioned });
await worker.run();
await connection.close();
