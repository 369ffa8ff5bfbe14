import { randomUUID } from 'node:crypto';
import type { Destination, IndexRecord, Task } from '../resources/resource.ts';
import type { PushAction } from '../wire/push-body.ts';
import type { World } from '../world.ts';
import { checkDestinationKey } from './check-destination-key.ts';
import { finishRun, markStarted } from './finish-run.ts';
import { admitRecords, transformRecords } from './prepare-records.ts';
import { describeProblems, publishEvent } from './publish-event.ts';
import type { RecordProblem } from './record-failures.ts';
import type { Event, Run } from './run.ts';
import { SourceProblem } from './source-problem.ts';
import { createRun } from './start-run.ts';
import { writeRecord, type WriteMode } from './write-record.ts';

export interface PushPlan {
  readonly task: Task;
  /** Whose transformations are used. */
  readonly destination: Destination;
  /** Where the records go. */
  readonly indexName: string;
  readonly action: PushAction;
  readonly records: readonly IndexRecord[];
}

const writeModes: Partial<Record<PushAction, WriteMode>> = {
  addObject: 'set',
  updateObject: 'set',
  partialUpdateObject: 'merge',
  partialUpdateObjectNoCreate: 'mergeExisting',
};

/** Accepts a batch: a little later it is in the index and its event can be read. `watch` waits for that. */
export function pushRecords(world: World, plan: PushPlan, watch: boolean) {
  const run = openRun(world, plan);
  const eventID = randomUUID();
  const answer = { runID: run.runID, eventID, data: null, message: 'OK', createdAt: world.clock.iso() };
  const done = world.clock
    .sleep(world.settings.pushMs / world.settings.speed)
    .then(() => settle(world, run, plan, eventID));
  if (!watch) {
    done.catch(console.error);
    return answer;
  }
  return done.then((event) =>
    event.status === 'succeeded'
      ? answer
      : { ...answer, events: [event], message: 'Some records could not be ingested' },
  );
}

/** Pushes to one index through one task share a run for as long as one of them is under way. */
function openRun(world: World, { task, indexName }: PushPlan): Run {
  const place = `${task.taskID}\n${indexName}`;
  let run = world.openPushRuns.get(place);
  if (!run) {
    run = createRun(world, task.taskID, 'push', task.failureThreshold);
    markStarted(world, run);
    world.openPushRuns.set(place, run);
  }
  run.progress = {
    expectedNbOfEvents: (run.progress?.expectedNbOfEvents ?? 0) + 1,
    receivedNbOfEvents: run.progress?.receivedNbOfEvents ?? 0,
  };
  return run;
}

function settle(world: World, run: Run, plan: PushPlan, eventID: string): Event {
  const problems = ingest(world, plan);
  const batchSize = plan.records.length;
  const status = problems.some((problem) => problem.status === 'critical') ? 'critical' : 'failed';
  const event = publishEvent(
    world,
    run,
    problems.length === 0
      ? { eventID, type: 'record', status: 'succeeded', batchSize }
      : { eventID, type: 'record', status, batchSize, data: describeProblems(problems) },
  );
  if (run.progress) {
    run.progress.receivedNbOfEvents += 1;
    if (run.progress.receivedNbOfEvents === run.progress.expectedNbOfEvents) closeRun(world, run, plan);
  }
  return event;
}

function closeRun(world: World, run: Run, { task, indexName }: PushPlan): void {
  world.openPushRuns.delete(`${task.taskID}\n${indexName}`);
  const failed = [...run.events.values()].filter(({ status }) => status !== 'succeeded').length;
  finishRun(
    world,
    run,
    failed === 0
      ? { outcome: 'success', reasonCode: 'ok', reason: '' }
      : { outcome: 'failure', reasonCode: 'too_many_errors', reason: `${failed} of ${run.events.size} pushes failed` },
  );
}

/** Does what the action says; returns what went wrong. */
function ingest(world: World, { destination, indexName, action, records }: PushPlan): readonly RecordProblem[] {
  if (action === 'delete') {
    world.indices.delete(indexName);
    return [];
  }
  const index = world.indices.touch(indexName);
  if (action === 'clear') index.records.clear();
  const mode = writeModes[action];
  try {
    checkDestinationKey(world, destination);
    const transformed = mode ? transformRecords(world, destination, records) : { records, problems: [] };
    const admitted = admitRecords(world, destination, indexName, transformed.records);
    for (const record of admitted.records) {
      if (mode) writeRecord(index.records, mode, record);
      else index.records.delete(record.objectID);
    }
    return [...transformed.problems, ...admitted.problems];
  } catch (error) {
    if (!(error instanceof SourceProblem)) throw error;
    return records.map(({ objectID }) => ({ objectID, message: error.message, status: 'failed' }));
  }
}
