import type { AlgoliaClient } from '../algolia/client.ts';
import type { ApiKeys } from '../secrets/api-keys.ts';
import { attempt } from './attempt.ts';
import { isOver } from './polled-run.ts';
import { ingests } from './inspect-task.ts';
import { startOfLongestRun } from './start-of-longest-run.ts';
import { callWith } from './with-fresh-key.ts';

const PAGE_SIZE = 100;

/** The ids of all runs that ingest and have not ended; of those in `among` if given. (A push brings its key with each request.) */
export function createListRunsGoingOn(client: AlgoliaClient, keys: ApiKeys) {
  return async function listRunsGoingOn({ among }: { among?: readonly string[] }): Promise<string[]> {
    return attempt(async (signal) => {
      const startDate = startOfLongestRun();
      const call = callWith(client, keys, signal);
      const readPages = async (found: Set<string>) => {
        for (let page = 1; ; page += 1) {
          const { runs } = await call('listRuns', {
            status: ['created', 'started'],
            itemsPerPage: PAGE_SIZE,
            page,
            startDate,
            order: 'asc',
          });
          for (const { runID } of runs.filter(ingests)) found.add(runID);
          if (runs.length < PAGE_SIZE) return page;
        }
      };
      if (among?.length === 0) return [];
      const found = new Set<string>();
      // A run that ends while the pages are read moves others to a page that was read already.
      if ((await readPages(found)) > 1) await readPages(found);
      if (!among) return [...found];
      const left: string[] = [];
      for (const runID of among) if (found.has(runID) || !isOver(await call('getRun', { runID }))) left.push(runID);
      return left;
    });
  };
}
