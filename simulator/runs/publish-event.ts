import { randomUUID } from 'node:crypto';
import type { World } from '../world.ts';
import type { RecordProblem } from './record-failures.ts';
import type { Event, EventStatus, EventType, Run } from './run.ts';

const MAX_IDS_NAMED = 1_000;
const MAX_ERRORS_NAMED = 20;

export interface EventFields {
  readonly type: EventType;
  readonly status: EventStatus | null;
  readonly batchSize?: number;
  readonly data?: Record<string, unknown> | null;
  readonly eventID?: string;
}

/** Makes an event of a run visible. */
export function publishEvent(world: World, run: Run, fields: EventFields): Event {
  const { type, status, batchSize = 0, data = null, eventID = randomUUID() } = fields;
  const event: Event = { eventID, runID: run.runID, type, status, batchSize, data, publishedAt: world.clock.iso() };
  run.events.set(eventID, event);
  run.updatedAt = event.publishedAt;
  return event;
}

/** One event for the records that went well and one for those that didn't, where there are any. */
export function publishBatch(
  world: World,
  run: Run,
  type: EventType,
  succeeded: number,
  problems: readonly RecordProblem[],
): void {
  if (succeeded > 0 || problems.length === 0)
    publishEvent(world, run, { type, status: 'succeeded', batchSize: succeeded });
  if (problems.length === 0) return;
  const status = problems.some((problem) => problem.status === 'critical') ? 'critical' : 'failed';
  publishEvent(world, run, { type, status, batchSize: problems.length, data: describeProblems(problems) });
}

/** Which records failed and why, as far as an event has room for it. */
export function describeProblems(problems: readonly RecordProblem[]): Record<string, unknown> {
  return {
    message: `${problems.length} ${problems.length === 1 ? 'record' : 'records'} failed: ${problems[0]?.message ?? ''}`,
    objectIDs: problems.slice(0, MAX_IDS_NAMED).map(({ objectID }) => objectID),
    errors: problems.slice(0, MAX_ERRORS_NAMED).map(({ objectID, message }) => ({ objectID, message })),
  };
}
