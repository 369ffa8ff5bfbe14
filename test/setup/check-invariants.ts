import { WorkflowFailedError } from '@temporalio/client';
import type { Simulator } from '../../simulator/index.ts';
import type { Intent } from '../faults/crash/intents.ts';
import { inventory } from './connector.ts';

/** One intent, one effect; no orphan; no lost record; a true verdict. Returns what doesn't hold, in words, once all is over. */
export async function checkInvariants(simulator: Simulator, intents: readonly Intent[]): Promise<string[]> {
  return (await Promise.all(intents.map((intent) => violationsOf(simulator, intent)))).flat();
}

async function violationsOf(simulator: Simulator, intent: Intent): Promise<string[]> {
  switch (intent.kind) {
    case 'provision':
      return provisioned(simulator, intent);
    case 'sync':
      return synced(simulator, intent);
    case 'push':
      return pushed(simulator, intent);
  }
}

type Of<K extends Intent['kind']> = Extract<Intent, { kind: K }>;

async function provisioned(simulator: Simulator, { name, handle }: Of<'provision'>): Promise<string[]> {
  const result = await settled(handle);
  const { transformations: _none, runs, ...parts } = await inventory(simulator, name);
  const wanted = 'value' in result ? 1 : 0;
  const wrong = Object.entries(parts).filter(([, count]) => count !== wanted);
  const told = 'failure' in result && JSON.stringify(result.failure.details).includes('leftBehind');
  return [
    ...wrong
      .filter(([, count]) => count > 1 || !told)
      .map(([kind, count]) => `${name}: ${count} ${kind}, not ${wanted} (${describe(result)})`),
    ...('value' in result && runs !== 1 ? [`${name}: ${runs} runs, not 1`] : []),
    ...('value' in result && result.value.sync?.verdict !== 'success' ? [`${name}: its first sync is no success`] : []),
  ];
}

async function synced({ world }: Simulator, { taskID, handle }: Of<'sync'>): Promise<string[]> {
  const result = await settled(handle);
  const runs = world.runs.by('taskID', taskID);
  const [run] = runs;
  if (runs.length > 1) return [`task ${taskID}: ${runs.length} runs of one sync (${describe(result)})`];
  if (!('value' in result))
    return run?.outcome === 'success' ? [`task ${taskID}: ${describe(result)}, but its run went well`] : [];
  const { verdict, runID } = result.value;
  const true_ =
    verdict === 'success' && runID === run?.runID && run?.status === 'finished' && run.outcome === 'success';
  return true_
    ? []
    : [`task ${taskID}: verdict ${verdict} of run ${runID}, but there is ${JSON.stringify(run?.outcome)}`];
}

async function pushed({ world }: Simulator, { indexName, records, handle }: Of<'push'>): Promise<string[]> {
  const result = await settled(handle);
  const present = world.indices.get(indexName)?.records ?? new Map<string, Record<string, unknown>>();
  if (!('value' in result)) return [`${indexName}: ${describe(result)}`];
  const last = new Map(records.map((record) => [record.objectID, record.title]));
  const lost = [...last]
    .filter(([objectID, title]) => present.get(objectID)?.title !== title)
    .map(([objectID]) => objectID);
  const { verified, failed, complete } = result.value;
  return [
    ...(lost.length > 0 ? [`${indexName}: lost or overtaken ${lost.slice(0, 5).join(', ')} (${lost.length})`] : []),
    ...(present.size === last.size ? [] : [`${indexName}: ${present.size} records, not ${last.size}`]),
    ...(verified === records.length && failed === 0 && complete
      ? []
      : [`${indexName}: ${verified} verified, ${failed} failed of ${records.length}`]),
  ];
}

type Settled<T> =
  | { readonly value: T }
  | { readonly failure: { readonly type?: string; message: string; details?: unknown[] } };

async function settled<T>(handle: { result(): Promise<T> }): Promise<Settled<T>> {
  try {
    return { value: await handle.result() };
  } catch (error) {
    if (!(error instanceof WorkflowFailedError) || !error.cause) throw error;
    return { failure: error.cause };
  }
}

const describe = (result: Settled<unknown>) =>
  'value' in result ? 'it ended well' : `it failed: ${result.failure.type} ${result.failure.message}`;
