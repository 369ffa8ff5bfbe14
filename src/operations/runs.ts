import { z } from 'zod';
import { answer, date, listOf, order, page, read, text } from './operation.ts';

const runStatus = z.enum(['created', 'started', 'finished', 'skipped']);
const runType = z.enum(['reindex', 'update', 'discover', 'validate', 'push']);
const eventStatus = z.enum(['created', 'started', 'retried', 'failed', 'succeeded', 'critical']);
const eventType = z.enum(['fetch', 'record', 'log', 'transform']);

/** There is no `failed` status: a run that failed is `finished` with the outcome `failure`. */
const Run = answer({
  runID: z.string(),
  appID: text,
  taskID: text,
  status: z.string(),
  progress: answer({ expectedNbOfEvents: z.number().nullish(), receivedNbOfEvents: z.number().nullish() }).nullish(),
  outcome: text,
  failureThreshold: z.number().nullish(),
  reason: text,
  reasonCode: text,
  type: text,
  createdAt: text,
  startedAt: text,
  finishedAt: text,
});

/** A null status is information only (a `log` event, say). */
const Event = answer({
  eventID: z.string(),
  runID: text,
  status: text,
  type: text,
  batchSize: z.number().nullish(),
  data: z.unknown().optional(),
  publishedAt: text,
});

/** Has no outcome of its own: whether it went well is in `events`, or in the event that `eventID` names. */
export const WatchResponse = answer({
  runID: z.string(),
  eventID: text,
  data: z.array(z.record(z.string(), z.unknown())).nullish(),
  events: z.array(Event).nullish(),
  message: text,
  createdAt: text,
});

const timeWindow = answer({ startDate: text, endDate: text }).nullish();
const between = { startDate: date.optional(), endDate: date.optional() };

export const runs = {
  listRuns: read('GET /1/runs', 'List task runs', {
    query: {
      ...page,
      status: z.array(runStatus).optional(),
      type: z.array(runType).optional(),
      taskID: z.string().optional(),
      sort: z.enum(['status', 'updatedAt', 'createdAt']).optional(),
      order,
      ...between,
    },
    response: listOf('runs', Run, { window: timeWindow }),
  }),
  getRun: read('GET /1/runs/{runID}', 'Retrieve a task run', { response: Run }),
  listEvents: read('GET /1/runs/{runID}/events', 'List task run events', {
    query: {
      ...page,
      status: z.array(eventStatus.nullable()).optional(),
      type: z.array(eventType).optional(),
      sort: z.enum(['status', 'type', 'publishedAt']).optional(),
      order,
      ...between,
    },
    response: listOf('events', Event, { window: timeWindow }),
  }),
  getEvent: read('GET /1/runs/{runID}/events/{eventID}', 'Retrieve a task run event', { response: Event }),
};
