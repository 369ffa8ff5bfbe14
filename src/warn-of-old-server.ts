import type { Logger, NativeConnection } from '@temporalio/worker';
import type { Config } from './config.ts';

/** Minor versions of Temporal 1: docs/deploy.md says what was tried with which. */
const OLDEST = 26;
const OLDEST_WITH_DEPLOYMENTS = 28;

/** A server that is too old doesn't say so: some workflows get stuck on it, and a worker that has a version is given nothing. */
export async function warnOfOldServer(
  { deployment }: Pick<Config, 'deployment'>,
  { workflowService }: Pick<NativeConnection, 'workflowService'>,
  logger: Pick<Logger, 'warn'>,
): Promise<void> {
  // Whether there is a server at all is found out elsewhere.
  const { serverVersion } = await workflowService.getSystemInfo({}).catch(() => ({ serverVersion: '' }));
  const minor = Number(/^1\.(\d+)\./.exec(serverVersion)?.[1] ?? Infinity);
  const warn = (what: string, needed: number) =>
    logger.warn(`Temporal server ${serverVersion} is too old: ${what}. That takes 1.${needed} or newer`);
  if (minor < OLDEST) warn('watchConnectors and rotateApiKey get stuck', OLDEST);
  if (deployment && minor < OLDEST_WITH_DEPLOYMENTS)
    warn('a worker with a DEPLOYMENT_NAME may be given nothing', OLDEST_WITH_DEPLOYMENTS);
}
