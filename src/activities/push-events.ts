import { AlgoliaError } from '../algolia/algolia-error.ts';
import type { AlgoliaClient } from '../algolia/client.ts';
import type { OutputOf } from '../operations/index.ts';
import type { ApiKeys } from '../secrets/api-keys.ts';
import { inParallel } from './in-parallel.ts';
import type { AcceptedBatch } from './push-checkpoint.ts';
import { callWith, type Call } from './with-fresh-key.ts';

const PAGE_SIZE = 100;
/** Up to so many events of a run are asked for one by one. */
const FEW = 3;
/** An event that is late is asked for by itself: lists reach back only as far as the others need. */
const LATE_MS = 30_000;
/** When most are late, they are listed all the same. */
const MANY_LATE = 20;
/** Between the clocks of the servers that date a push and its event. */
const SKEW_MS = 5_000;
const MAX_PARALLEL_READS = 8;
const MAX_DATA_CHARACTERS = 300;

type Event = OutputOf<'getEvent'>;
type Awaited = Pick<AcceptedBatch, 'runID' | 'eventID' | 'acceptedAt' | 'since'>;

/** What an event has to say at last; nothing yet: it isn't there, or not over. */
export type EventOutcome =
  | { readonly outcome: 'succeeded' }
  | { readonly outcome: 'failed'; readonly reason: string; readonly objectIDs: readonly string[] };

export interface EventReader {
  /** By eventID, those of them that are over. */
  read(awaited: readonly Awaited[], signal: AbortSignal): Promise<Map<string, EventOutcome>>;
}

/** Reads the events of many pushes in few requests: pushes to one task share a run, and a list tells of a hundred events at once. */
export function createEventReader(client: AlgoliaClient, keys: ApiKeys): EventReader {
  return {
    async read(awaited, signal) {
      const call = callWith(client, keys, signal);
      const outcomes = new Map<string, EventOutcome>();
      const take = (event: Event) => {
        const outcome = outcomeOf(event);
        if (outcome) outcomes.set(event.eventID, outcome);
      };
      const single: Awaited[] = [];
      const listed: Awaited[][] = [];
      for (const runID of new Set(awaited.map((push) => push.runID))) {
        const ofRun = awaited.filter((push) => push.runID === runID);
        const late = ofRun.filter(({ since }) => since < Date.now() - LATE_MS);
        const allTogether = late.length > MANY_LATE;
        const together = allTogether ? ofRun : ofRun.filter((push) => !late.includes(push));
        if (!allTogether) single.push(...late);
        if (together.length > FEW) listed.push(together);
        else single.push(...together);
      }
      await inParallel(single, MAX_PARALLEL_READS, async ({ runID, eventID }) => {
        const event = await orNotYet(() => call('getEvent', { runID, eventID }));
        if (event) take(event);
      });
      for (const pushes of listed) await readList(call, pushes, take);
      return outcomes;
    },
  };
}

/** Newest first, back to the oldest push that is asked about. A page that shifts while reading repeats events, and skips none. */
async function readList(call: Call, pushes: readonly Awaited[], take: (event: Event) => void): Promise<void> {
  const runID = pushes[0]?.runID ?? '';
  const missing = new Set(pushes.map(({ eventID }) => eventID));
  // A date without an offset, read as one of another time zone, lies after the event: from no later than the answer was here.
  const oldest = Math.min(...pushes.map(({ acceptedAt, since }) => Math.min(acceptedAt, since))) - SKEW_MS;
  const startDate = new Date(oldest).toISOString();
  for (let page = 1; missing.size > 0; page += 1) {
    const query = { runID, startDate, sort: 'publishedAt', order: 'desc', itemsPerPage: PAGE_SIZE, page } as const;
    const list = await orNotYet(() => call('listEvents', query));
    for (const event of list?.events ?? []) if (missing.delete(event.eventID)) take(event);
    if (!list || list.events.length < PAGE_SIZE) return;
  }
}

/** A run or an event that isn't published yet is a 404. */
async function orNotYet<T>(request: () => Promise<T>): Promise<T | undefined> {
  try {
    return await request();
  } catch (error) {
    if (error instanceof AlgoliaError && error.details.status === 404) return undefined;
    throw error;
  }
}

function outcomeOf({ status, data }: Event): EventOutcome | undefined {
  if (status === 'succeeded') return { outcome: 'succeeded' };
  if (status !== 'failed' && status !== 'critical') return undefined;
  const { message, objectIDs } = (data ?? {}) as { message?: unknown; objectIDs?: unknown };
  const said = typeof message === 'string' ? message : data == null ? 'no reason given' : JSON.stringify(data);
  return {
    outcome: 'failed',
    reason: `its event is ${status}: ${said.slice(0, MAX_DATA_CHARACTERS)}`,
    objectIDs: Array.isArray(objectIDs) ? objectIDs.filter((id): id is string => typeof id === 'string') : [],
  };
}
