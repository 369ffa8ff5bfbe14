import type { DeclaredSchedule } from './schedules-file.ts';

/** What a schedule syncs: those tasks must not be run by Algolia as well. */
export interface SyncedBySchedule {
  readonly taskIDs: readonly string[];
  readonly sourceIDs: readonly string[];
}

interface SyncInput {
  readonly taskID?: string;
  readonly sourceID?: string;
  readonly items?: readonly SyncInput[];
}

/** The tasks and sources that the schedule names. Those that a filter will find are not known yet. */
export function syncedBy({ workflow, input }: DeclaredSchedule): SyncedBySchedule {
  const given = input as SyncInput;
  const named =
    workflow === 'syncTask' || workflow === 'syncSource' ? [given] : workflow === 'backfill' ? (given.items ?? []) : [];
  return {
    taskIDs: named.flatMap(({ taskID }) => taskID ?? []),
    sourceIDs: named.flatMap(({ sourceID }) => sourceID ?? []),
  };
}
