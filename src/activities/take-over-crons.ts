import { AlgoliaError } from '../algolia/algolia-error.ts';
import type { AlgoliaClient } from '../algolia/client.ts';
import type { InputOf, OutputOf } from '../operations/index.ts';
import type { ApiKeys } from '../secrets/api-keys.ts';
import { attempt, sendIfCurrent } from './attempt.ts';
import { listAllResources } from './list-resources.ts';
import { callWith } from './with-fresh-key.ts';

export interface TakeOverCronsInput {
  readonly taskIDs: readonly string[];
  /** Whose tasks are meant, too. */
  readonly sourceIDs: readonly string[];
  /** Whether to clear the crons, rather than to find them. */
  readonly clear: boolean;
  /** Whether to tell of what is not there, too. */
  readonly tellMissing?: true;
}

/** A task that Algolia runs by itself. */
export interface OwnCron {
  readonly taskID: string;
  readonly sourceID: string;
  readonly cron: string;
  readonly cleared: boolean;
}

/** What is named and Algolia doesn't have. */
export interface MissingPart {
  readonly missing: 'task' | 'source';
  readonly id: string;
}

type Task = OutputOf<'getTask'>;

/** Finds those of the tasks that have a cron of their own at Algolia, and clears it: with two owners a task runs twice. */
export function createTakeOverCrons(client: AlgoliaClient, keys: ApiKeys) {
  return async function takeOverCrons(input: TakeOverCronsInput): Promise<(OwnCron | MissingPart)[]> {
    const { taskIDs, sourceIDs, clear, tellMissing = false } = input;
    return attempt(async (signal) => {
      const call = callWith(client, keys, signal);
      const found: (OwnCron | MissingPart)[] = [];
      const getTask = (taskID: string): Promise<Task | undefined> => call('getTask', { taskID }).catch(ifMissing);
      const tasksOf = async (sourceID: string): Promise<string[]> => {
        if (tellMissing && !(await call('getSource', { sourceID }).catch(ifMissing)))
          found.push({ missing: 'source', id: sourceID });
        const tasks = await listAllResources(call, 'task', { sourceID: [sourceID] });
        return tasks.map(({ taskID }) => String(taskID));
      };
      const clearCron = async (task: Task): Promise<boolean> => {
        const { taskID } = task;
        // Neither null nor an empty text is a cron, so the only way to have none is to replace the task by itself without it.
        const input = { taskID, taskReplace: withoutCron(task) };
        await sendIfCurrent('replaceTask', (more) => callWith(client, keys, signal, more)('replaceTask', input));
        return !(await getTask(taskID))?.cron;
      };
      const all = new Set([...taskIDs, ...(await Promise.all(sourceIDs.map(tasksOf))).flat()]);
      for (const taskID of all) {
        const task = await getTask(taskID);
        if (tellMissing && !task) found.push({ missing: 'task', id: taskID });
        if (!task?.cron) continue;
        const { cron, sourceID } = task;
        found.push({ taskID, sourceID, cron, cleared: clear && (await clearCron(task)) });
      }
      return found;
    });
  };
}

/** A schedule may come before what it syncs. */
function ifMissing(error: unknown): undefined {
  if (error instanceof AlgoliaError && error.details.status === 404) return undefined;
  throw error;
}

const KEPT = [
  'destinationID',
  'action',
  'subscriptionAction',
  'cursor',
  'enabled',
  'failureThreshold',
  'input',
  'notifications',
  'policies',
] as const;

function withoutCron(task: Task): InputOf<'replaceTask'>['taskReplace'] {
  const kept = KEPT.flatMap((name) => (task[name] == null ? [] : [[name, task[name]]]));
  return Object.fromEntries(kept) as InputOf<'replaceTask'>['taskReplace'];
}
