import { setTimeout as delay } from 'node:timers/promises';
import type { AlgoliaClient } from '../algolia/client.ts';
import type { InputOf, OutputOf } from '../operations/index.ts';
import { date } from '../operations/operation.ts';
import type { ApiKeys } from '../secrets/api-keys.ts';
import { attempt } from './attempt.ts';
import { startOfLongestRun } from './start-of-longest-run.ts';
import { callWith } from './with-fresh-key.ts';

const PAGE_SIZE = 100;
/** Up to here events are read one by one; a larger run is counted by the API, one request per type and status. */
const MAX_EVENTS_READ = 2_000;
const MAX_DATA_CHARACTERS = 1_000;
/** A run may be over before all of its events show: while there are fewer than it has received, they are read again after these pauses. */
const PAUSES_MS = [1_000, 2_000];
const TYPES = ['fetch', 'record', 'log', 'transform'] as const;
const STATUSES = ['created', 'started', 'retried', 'failed', 'succeeded', 'critical'] as const;
const FAILED = ['failed', 'critical'] as const;

export interface DigestEventsInput {
  readonly runID: string;
  /** The run's creation, as the answers have it, which need not be a date: without one the API looks back three hours only. */
  readonly startDate: string;
  /** How many failures to list. */
  readonly maxFailures: number;
  /** How many events the run says it has received. */
  readonly received?: number;
}

export interface EventFailure {
  readonly eventID: string;
  readonly type: string;
  readonly status: string;
  readonly at: string;
  readonly batchSize: number;
  /** What the event says, as JSON text of at most 1,000 characters. */
  readonly data?: string;
}

export interface EventDigest {
  /** How many events of each type and status: `{record: {succeeded: 31, failed: 2}}`. */
  readonly counts: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly total: number;
  /** All events that failed or are critical, also those not listed. */
  readonly failed: number;
  /** The first of them, oldest first. */
  readonly failures: readonly EventFailure[];
}

type Event = OutputOf<'getEvent'>;
type Counts = Record<string, Record<string, number>>;

/** Reads what happened in a run: how often what, and the first failures. */
export function createDigestEvents(client: AlgoliaClient, keys: ApiKeys) {
  return async function digestEvents(input: DigestEventsInput): Promise<EventDigest> {
    return attempt(async (signal) => {
      const call = callWith(client, keys, signal);
      const { runID, received = 0 } = input;
      const startDate = date.safeParse(input.startDate).success ? input.startDate : startOfLongestRun();
      const list: List = (more) => call('listEvents', { runID, startDate, sort: 'publishedAt', order: 'asc', ...more });
      const firstPage = () => list({ itemsPerPage: PAGE_SIZE, page: 1 });
      let first = await firstPage();
      for (const pauseMs of PAUSES_MS) {
        if (totalOf(first) >= received) break;
        await delay(pauseMs, undefined, { signal });
        first = await firstPage();
      }
      const total = totalOf(first);
      const counts = total > MAX_EVENTS_READ ? await countByFilter(list) : await countByReading(first, total, list);
      // Events of a type that is unknown here fail, too, and no filter by type finds them.
      const failed =
        total > MAX_EVENTS_READ
          ? ((await list({ itemsPerPage: 1, status: [...FAILED] })).pagination?.nbItems ?? sum(counts, FAILED))
          : sum(counts, FAILED);
      return { counts, total, failed, failures: failed === 0 ? [] : await firstFailures(input.maxFailures, list) };
    });
  };
}

const totalOf = ({ pagination, events }: OutputOf<'listEvents'>) => pagination?.nbItems ?? events.length;

type List = (more: Partial<InputOf<'listEvents'>>) => Promise<OutputOf<'listEvents'>>;

async function countByReading(first: OutputOf<'listEvents'>, total: number, list: List): Promise<Counts> {
  const counts: Counts = {};
  const add = (events: readonly Event[]) => {
    for (const event of events) {
      const ofType = (counts[event.type ?? 'unknown'] ??= {});
      const status = event.status ?? 'none';
      ofType[status] = (ofType[status] ?? 0) + 1;
    }
  };
  add(first.events);
  for (let page = 2; (page - 1) * PAGE_SIZE < total; page += 1) {
    const { events } = await list({ itemsPerPage: PAGE_SIZE, page });
    if (events.length === 0) break;
    add(events);
  }
  return counts;
}

async function countByFilter(list: List): Promise<Counts> {
  const counts: Counts = {};
  for (const type of TYPES) {
    for (const status of STATUSES) {
      const { pagination } = await list({ itemsPerPage: 1, type: [type], status: [status] });
      if (pagination?.nbItems) (counts[type] ??= {})[status] = pagination.nbItems;
    }
  }
  return counts;
}

async function firstFailures(wanted: number, list: List): Promise<EventFailure[]> {
  const failures: EventFailure[] = [];
  for (let page = 1; failures.length < wanted; page += 1) {
    const { events } = await list({ itemsPerPage: PAGE_SIZE, page, status: [...FAILED] });
    failures.push(...events.map(describeFailure));
    if (events.length < PAGE_SIZE) break;
  }
  return failures.slice(0, wanted);
}

function describeFailure(event: Event): EventFailure {
  return {
    eventID: event.eventID,
    type: event.type ?? 'unknown',
    status: event.status ?? 'none',
    at: event.publishedAt ?? '',
    batchSize: event.batchSize ?? 0,
    ...(event.data == null ? {} : { data: JSON.stringify(event.data).slice(0, MAX_DATA_CHARACTERS) }),
  };
}

function sum(counts: Counts, statuses: readonly string[]): number {
  return Object.values(counts)
    .flatMap((ofType) => statuses.map((status) => ofType[status] ?? 0))
    .reduce((a, b) => a + b, 0);
}
