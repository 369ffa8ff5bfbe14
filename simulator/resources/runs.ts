import { param, type Handlers } from '../http/call.ts';
import { notFound } from '../http/api-error.ts';
import type { Event, Run } from '../runs/run.ts';
import type { World } from '../world.ts';
import { findOne } from './find-one.ts';
import { paginate, readList, readWindow, sortItems } from './list-query.ts';

const RUNS_WINDOW_MS = 7 * 24 * 3_600_000;
const EVENTS_WINDOW_MS = 3 * 3_600_000;

const runStatuses = ['created', 'started', 'finished', 'skipped'];
const runTypes = ['reindex', 'update', 'discover', 'validate', 'push'];
/** The empty one stands for null. */
const eventStatuses = ['created', 'started', 'retried', 'failed', 'succeeded', 'critical', ''];
const eventTypes = ['fetch', 'record', 'log', 'transform'];

export function showRun(world: World, { events: _, onPoll: __, updatedAt: ___, ...run }: Run) {
  return { appID: world.applicationId, ...run };
}

const find = (world: World, runID: string) => findOne(world.runs, 'Run', runID);

export const runHandlers: Handlers = {
  listRuns: ({ world, query }) => {
    const status = readList(query, 'status', runStatuses);
    const type = readList(query, 'type', runTypes);
    const taskID = query.get('taskID');
    const window = readWindow(query, world.clock.now(), RUNS_WINDOW_MS);
    const fitting = (taskID === null ? world.runs.values() : world.runs.by('taskID', taskID)).filter(
      (run) =>
        (!status || status.has(run.status)) &&
        (!type || type.has(run.type)) &&
        run.createdAt >= window.startDate &&
        run.createdAt <= window.endDate,
    );
    const sorted = sortItems(fitting, query, {
      status: (run) => run.status,
      updatedAt: (run) => run.updatedAt,
      createdAt: (run) => run.createdAt,
    });
    const { items, pagination } = paginate(sorted, query);
    return { runs: items.map((run) => showRun(world, run)), pagination, window };
  },

  getRun: (call) => {
    const run = find(call.world, param(call, 'runID'));
    run.onPoll?.();
    return showRun(call.world, run);
  },

  listEvents: (call) => {
    const { world, query } = call;
    const run = find(world, param(call, 'runID'));
    const status = readList(query, 'status', eventStatuses);
    const type = readList(query, 'type', eventTypes);
    const window = readWindow(query, world.clock.now(), EVENTS_WINDOW_MS);
    const fitting = [...run.events.values()].filter(
      (event) =>
        (!status || status.has(event.status ?? '')) &&
        (!type || type.has(event.type)) &&
        event.publishedAt >= window.startDate &&
        event.publishedAt <= window.endDate,
    );
    const sorted = sortItems<Event>(
      fitting,
      query,
      { status: (event) => event.status ?? '', type: (event) => event.type, publishedAt: (event) => event.publishedAt },
      'publishedAt',
    );
    const { items, pagination } = paginate(sorted, query);
    return { events: items, pagination, window };
  },

  getEvent: (call) => {
    const event = find(call.world, param(call, 'runID')).events.get(param(call, 'eventID'));
    if (!event) throw notFound('Event', param(call, 'eventID'));
    return event;
  },
};
