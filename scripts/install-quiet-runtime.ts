import { DefaultLogger, Runtime } from '@temporalio/worker';

/** For a process whose output is about something else: of Temporal it tells only errors. Once, and before anything else of the SDK. */
export function installQuietRuntime(): void {
  Runtime.install({
    logger: new DefaultLogger('ERROR'),
    telemetryOptions: { logging: { forward: {}, filter: { core: 'ERROR', other: 'ERROR' } } },
  });
}
