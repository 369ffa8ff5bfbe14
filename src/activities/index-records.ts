import { setTimeout as delay } from 'node:timers/promises';
import { cancellationSignal } from '@temporalio/activity';
import { AlgoliaError } from '../algolia/algolia-error.ts';
import { temporaryIndexName } from './replace-names.ts';
import { indexActivity, type SearchRequest } from './search-request.ts';

const FIRST_POLL_MS = 250;
const MAX_POLL_MS = 5_000;
const POLL_GROWTH = 1.5;

/** All records, whatever the index's settings and rules would make of an empty search. */
const EVERYTHING = { query: '', hitsPerPage: 0, distinct: false, enableRules: false, analytics: false };

export interface IndexRecords {
  readonly exists: boolean;
  readonly records: number;
}

export interface AwaitRecordsInput {
  readonly indexName: string;
  readonly expected: number;
  /** A number that hasn't changed for so long is taken for final, in ms. */
  readonly settledMs: number;
  /** How long to wait at most, in ms. */
  readonly waitMs: number;
}

/** How many records an index holds. An index that isn't there holds none. */
export function createCountRecords(request: SearchRequest) {
  return indexActivity(({ indexName }: { indexName: string }) => countRecords(request, indexName));
}

/** Waits until an index holds just so many records, or until their number has settled at another. Returns what it is then. */
export function createAwaitRecords(request: SearchRequest) {
  return indexActivity(async (input: AwaitRecordsInput): Promise<IndexRecords> => {
    const signal = cancellationSignal();
    const deadline = Date.now() + input.waitMs;
    let seen = await countRecords(request, input.indexName);
    let settlesAt = Date.now() + input.settledMs;
    for (let pollMs = FIRST_POLL_MS; ; pollMs = Math.min(pollMs * POLL_GROWTH, MAX_POLL_MS)) {
      const leftMs = Math.min(settlesAt, deadline) - Date.now();
      if (seen.records === input.expected || leftMs <= 0) return seen;
      await delay(Math.min(pollMs, leftMs), undefined, { signal });
      const now = await countRecords(request, input.indexName);
      if (now.records !== seen.records) settlesAt = Date.now() + input.settledMs;
      seen = now;
    }
  });
}

export interface ReplaceInspection {
  /** Where the new records go first. */
  readonly temporaryIndex: string;
  readonly current: IndexRecords;
  /** What is there under the temporary index's name: nothing, unless the workflow was reset. */
  readonly leftover: IndexRecords;
}

/** What must be known of an index before it is replaced. */
export function createInspectReplace(request: SearchRequest) {
  return indexActivity(
    async ({ indexName, runID }: { indexName: string; runID: string }): Promise<ReplaceInspection> => {
      const temporaryIndex = temporaryIndexName(indexName, runID);
      const [current, leftover] = await Promise.all([
        countRecords(request, indexName),
        countRecords(request, temporaryIndex),
      ]);
      return { temporaryIndex, current, leftover };
    },
  );
}

async function countRecords(request: SearchRequest, indexName: string): Promise<IndexRecords> {
  try {
    const { nbHits } = await request('searchSingleIndex', { indexName, searchParams: EVERYTHING });
    return { exists: true, records: nbHits ?? 0 };
  } catch (error) {
    if (error instanceof AlgoliaError && error.details.status === 404) return { exists: false, records: 0 };
    throw error;
  }
}
