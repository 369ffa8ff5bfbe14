import { ApplicationFailure } from '@temporalio/activity';
import type { AlgoliaClient } from '../algolia/client.ts';
import type { InputOf } from '../operations/index.ts';
import type { ApiKeys } from '../secrets/api-keys.ts';
import { attempt } from './attempt.ts';
import { callWith } from './with-fresh-key.ts';

const PAGE_SIZE = 100;

export interface ListTaskIDsInput {
  readonly filter: Omit<InputOf<'listTasks'>, 'page' | 'itemsPerPage' | 'sort' | 'order'>;
  /** More than these are refused. */
  readonly max: number;
}

/** The ids of all tasks that pass a filter, oldest first: of 10,000 tasks they are a third of a megabyte. */
export function createListTaskIDs(client: AlgoliaClient, keys: ApiKeys) {
  return async function listTaskIDs({ filter, max }: ListTaskIDsInput): Promise<string[]> {
    return attempt(async (signal) => {
      const call = callWith(client, keys, signal);
      // A task that is created meanwhile comes last; one that is deleted moves others to a page that was read, hence once more.
      const readPages = async (ids: Set<string>) => {
        for (let page = 1; ; page += 1) {
          const query = { ...filter, itemsPerPage: PAGE_SIZE, page, sort: 'createdAt', order: 'asc' } as const;
          const { tasks } = await call('listTasks', query);
          for (const { taskID } of tasks) if (taskID) ids.add(taskID);
          if (ids.size > max)
            throw ApplicationFailure.nonRetryable(
              `more than ${max} tasks pass the filter: narrow it and take them in turns`,
              'InvalidInput',
            );
          if (tasks.length < PAGE_SIZE) return page;
        }
      };
      const ids = new Set<string>();
      if ((await readPages(ids)) > 1) await readPages(ids);
      return [...ids];
    });
  };
}
