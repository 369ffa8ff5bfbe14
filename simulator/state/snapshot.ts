import type { AttachedRecords, World } from '../world.ts';
import type { IndexRecord } from '../resources/resource.ts';
import { scheduleTask } from '../runs/schedule-task.ts';
import { resumeRun } from '../runs/start-run.ts';
import type { Event, Run } from '../runs/run.ts';
import type { ApiKey } from '../search/api-key.ts';
import type { SearchIndex } from '../search/search-index.ts';
import type { Authentication, Destination, Source, Task, Transformation } from '../resources/resource.ts';

type Entries<T> = [string, T][];

/** All that outlives a restart; not what was only said to the control API. */
interface Snapshot {
  authentications: Authentication[];
  sources: Source[];
  destinations: Destination[];
  transformations: Transformation[];
  tasks: Task[];
  runs: (Omit<Run, 'events'> & { events: Event[] })[];
  indices: (Omit<SearchIndex, 'records' | 'rules' | 'synonyms'> &
    Record<'records' | 'rules' | 'synonyms', IndexRecord[]>)[];
  keys: ApiKey[];
  deletedKeys: ApiKey[];
  attached: Entries<AttachedRecords>;
  criticalRuns: Entries<number>;
}

/** As JSON; it holds the credentials in the clear, as the simulator does. */
export function takeSnapshot(world: World): string {
  const snapshot: Snapshot = {
    authentications: world.authentications.values(),
    sources: world.sources.values(),
    destinations: world.destinations.values(),
    transformations: world.transformations.values(),
    tasks: world.tasks.values(),
    runs: world.runs.values().map((run) => ({ ...run, events: [...run.events.values()] })),
    indices: world.indices.values().map((index) => ({
      ...index,
      records: [...index.records.values()],
      rules: [...index.rules.values()],
      synonyms: [...index.synonyms.values()],
    })),
    keys: world.keys.values(),
    deletedKeys: world.keys.deletedValues(),
    attached: [...world.attached],
    criticalRuns: [...world.criticalRuns],
  };
  return JSON.stringify(snapshot);
}

/** Fills a fresh world. Runs that were going on begin again; pushes that were are lost, and their runs say so. */
export function restoreSnapshot(world: World, text: string): void {
  const snapshot = JSON.parse(text) as Snapshot;
  for (const key of snapshot.keys) world.keys.replace(withTimes(key));
  for (const key of snapshot.deletedKeys) {
    world.keys.replace(withTimes(key));
    world.keys.delete(key.value);
  }
  for (const item of snapshot.authentications) world.authentications.put(item);
  for (const item of snapshot.sources) world.sources.put(item);
  for (const item of snapshot.transformations) world.transformations.put(item);
  for (const item of snapshot.destinations) world.destinations.put(item);
  for (const { records, rules, synonyms, ...index } of snapshot.indices) {
    const maps = { records: byID(records), rules: byID(rules), synonyms: byID(synonyms) };
    Object.assign(world.indices.getOrCreate(index.name), index, maps, { pendingTasks: 0 });
  }
  for (const [id, attached] of snapshot.attached) world.attached.set(id, attached);
  for (const [id, count] of snapshot.criticalRuns) world.criticalRuns.set(id, count);
  for (const task of snapshot.tasks) scheduleTask(world, task);
  for (const { events, ...run } of snapshot.runs) {
    resumeRun(world, world.runs.put({ ...run, events: new Map(events.map((event) => [event.eventID, event])) }));
  }
}

const byID = (records: readonly IndexRecord[]) => new Map(records.map((record) => [record.objectID, record]));

/** JSON knows no infinity. */
const withTimes = (key: ApiKey): ApiKey => ({
  ...key,
  usableAt: (key.usableAt as number | null) ?? -Infinity,
  expiresAt: (key.expiresAt as number | null) ?? Infinity,
});
