import { AlgoliaError } from '../algolia/algolia-error.ts';
import type { AlgoliaClient } from '../algolia/client.ts';
import type { OutputOf } from '../operations/index.ts';
import type { ApiKeys } from '../secrets/api-keys.ts';
import { attempt } from './attempt.ts';
import { isOver } from './polled-run.ts';
import { startOfLongestRun } from './start-of-longest-run.ts';
import { callWith } from './with-fresh-key.ts';

/** Runs of a task that a trigger may meet: the newest page is enough to tell a new one from these. */
const RUNS_READ = 100;

export interface TaskInspection {
  readonly enabled: boolean;
  readonly sourceID: string;
  readonly destinationID: string;
  readonly indexName?: string;
  /** Runs that ingest and are not over, newest first. */
  readonly running: readonly SeenRun[];
  /** Ids of the newest runs, whatever their state. */
  readonly known: readonly string[];
}

export interface SeenRun {
  readonly runID: string;
  readonly status: string;
  readonly createdAt: string;
}

/** What must be known of a task before it is run, in one step: the task, its index, its runs. */
export function createInspectTask(client: AlgoliaClient, keys: ApiKeys) {
  return async function inspectTask({ taskID }: { taskID: string }): Promise<TaskInspection> {
    return attempt(async (signal) => {
      const call = callWith(client, keys, signal);
      const newest = { taskID, itemsPerPage: RUNS_READ, sort: 'createdAt', order: 'desc' } as const;
      const [task, { runs }, going] = await Promise.all([
        call('getTask', { taskID }),
        call('listRuns', newest),
        call('listRuns', { ...newest, status: ['created', 'started'], startDate: startOfLongestRun() }),
      ]);
      // Only to find the workflow by its index: not worth failing for.
      const destination = await call('getDestination', { destinationID: task.destinationID }).catch(ignoreAlgolia);
      return {
        enabled: task.enabled ?? true,
        sourceID: task.sourceID,
        destinationID: task.destinationID,
        ...(destination?.input?.indexName ? { indexName: destination.input.indexName } : {}),
        running: going.runs.filter((run) => ingests(run) && !isOver(run)).map(asSeen),
        known: runs.map((run) => run.runID),
      };
    });
  };
}

/** The runs of a task that are not in `known`: what a trigger whose answer was lost may have started. */
export function createFindNewRuns(client: AlgoliaClient, keys: ApiKeys) {
  return async function findNewRuns({
    taskID,
    known,
  }: {
    taskID: string;
    known: readonly string[];
  }): Promise<SeenRun[]> {
    return attempt(async (signal) => {
      const newest = { taskID, itemsPerPage: RUNS_READ, sort: 'createdAt', order: 'desc' } as const;
      const { runs } = await callWith(client, keys, signal)('listRuns', newest);
      return runs
        .filter(ingests)
        .filter((run) => !known.includes(run.runID))
        .map(asSeen);
    });
  };
}

type Run = OutputOf<'getRun'>;

/** Discoveries, validations and pushes are runs of the task too, but no syncs. */
export const ingests = (run: Run) => run.type == null || !['discover', 'validate', 'push'].includes(run.type);
const asSeen = ({ runID, status, createdAt }: Run): SeenRun => ({ runID, status, createdAt: createdAt ?? '' });

function ignoreAlgolia(error: unknown): undefined {
  if (!(error instanceof AlgoliaError)) throw error;
}
