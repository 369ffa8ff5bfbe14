import { NativeConnection, Runtime } from '@temporalio/worker';
import { loadConfig } from '../../src/config.ts';
import { createWorker } from '../../src/create-worker.ts';
import { createLogger } from '../../src/logger.ts';
import { createScrubber } from '../../src/secrets/scrubber.ts';

/**
 * A worker for crash tests: `crash-worker.ts <path of the bundle> <workflows kept in memory>`.
 * SIGUSR2 sets its clock a minute and a half ahead, SIGWINCH back by as much.
 */
const [codePath = '', cached = '0'] = process.argv.slice(2);
const JUMP_MS = 90_000;

const RealDate = Date;
let aheadMs = 0;
class JumpingDate extends RealDate {
  constructor(...args: [] | [number | string]) {
    super(...((args.length === 0 ? [JumpingDate.now()] : args) as [number]));
  }
  static override now(): number {
    return RealDate.now() + aheadMs;
  }
}
globalThis.Date = JumpingDate as DateConstructor;
process.on('SIGUSR2', () => (aheadMs += JUMP_MS));
process.on('SIGWINCH', () => (aheadMs -= JUMP_MS));

const config = loadConfig();
const scrubber = createScrubber();
Runtime.install({
  logger: createLogger(config.logLevel, scrubber.scrub),
  telemetryOptions: { logging: { forward: {}, filter: { core: 'ERROR', other: 'ERROR' } } },
});
const connection = await NativeConnection.connect(config.temporal.connectionOptions);
const worker = await createWorker(config, connection, scrubber, {
  workflowBundle: { codePath },
  maxCachedWorkflows: Number(cached),
});
await worker.run();
await connection.close();
