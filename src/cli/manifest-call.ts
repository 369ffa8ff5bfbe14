import { randomUUID } from 'node:crypto';
import { ActivityExecutionFailedError } from '@temporalio/client';
import type { PlanManifestInput } from '../activities/manifest-activities.ts';
import type { Exported } from '../manifest/export-manifest.ts';
import type { Manifest } from '../manifest/manifest.ts';
import type { Planned } from '../manifest/plan.ts';
import { CliError, EXIT } from './exit.ts';
import { failureOf } from './failure.ts';
import { assertPolled } from './pollers.ts';
import type { Session } from './temporal.ts';
import { watchedCall } from './watch-call.ts';

export const MANIFEST_HELP = 'YAML or JSON, such as connectors.yaml; - for standard input';

/** What Algolia has: the worker reads it, which has the key. */
export async function readExported(session: Session): Promise<Exported> {
  return (await onWorker(session, 'exportManifest', [])) as Exported;
}

/** What it takes to apply the manifest; what is wrong with it is named by its place in the file. */
export async function readPlan(session: Session, path: string, manifest: Manifest, prune: boolean): Promise<Planned> {
  const input: PlanManifestInput = { manifest, prune, root: '' };
  try {
    return (await onWorker(session, 'planManifest', [input])) as Planned;
  } catch (error) {
    const failure = error instanceof ActivityExecutionFailedError ? failureOf(error) : undefined;
    const { problems } = (failure?.details ?? {}) as { problems?: readonly string[] };
    if (problems === undefined) throw error;
    throw new CliError([`${path}:`, ...problems.map((problem) => `  ${problem}`)].join('\n'), EXIT.usage, error);
  }
}

async function onWorker(session: Session, activity: string, args: unknown[]): Promise<unknown> {
  await assertPolled(session);
  const handle = await session.client.activity.start(activity, {
    id: `cli-${activity}-${randomUUID()}`,
    taskQueue: session.config.taskQueue,
    args,
    startToCloseTimeout: '10m',
    scheduleToCloseTimeout: '15m',
    heartbeatTimeout: '15s',
    retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m' },
  });
  return await watchedCall(handle);
}
