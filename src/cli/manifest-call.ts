import { ActivityExecutionFailedError } from '@temporalio/client';
import type { Exported } from '../manifest/export-manifest.ts';
import type { Manifest } from '../manifest/manifest.ts';
import type { Planned } from '../manifest/plan.ts';
import { callActivity } from './call-activity.ts';
import { CliError, EXIT } from './exit.ts';
import { failureOf } from './failure.ts';
import { assertPolled } from './pollers.ts';
import type { Session } from './temporal.ts';

export const MANIFEST_HELP = 'YAML or JSON, such as connectors.yaml; - for standard input';

/** What Algolia has: the worker reads it, which has the key. */
export async function readExported(session: Session): Promise<Exported> {
  await assertPolled(session);
  return callActivity(session, 'exportManifest', []);
}

/** What it takes to apply the manifest; what is wrong with it is named by its place in the file. */
export async function readPlan(session: Session, path: string, manifest: Manifest, prune: boolean): Promise<Planned> {
  await assertPolled(session);
  try {
    return await callActivity(session, 'planManifest', [{ manifest, prune, root: '' }]);
  } catch (error) {
    const failure = error instanceof ActivityExecutionFailedError ? failureOf(error) : undefined;
    const { problems } = (failure?.details ?? {}) as { problems?: readonly string[] };
    if (problems === undefined) throw error;
    throw new CliError([`${path}:`, ...problems.map((problem) => `  ${problem}`)].join('\n'), EXIT.usage, error);
  }
}
