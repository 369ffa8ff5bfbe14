import { ApplicationFailure } from '@temporalio/activity';
import type { AlgoliaClient } from '../algolia/client.ts';
import type { InputOf } from '../operations/index.ts';
import type { ApiKeys } from '../secrets/api-keys.ts';
import { attempt } from './attempt.ts';
import { listResources } from './list-resources.ts';
import { callWith } from './with-fresh-key.ts';

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
      const ids = new Set<string>();
      for await (const tasks of listResources(call, 'task', filter)) {
        for (const { taskID } of tasks) if (typeof taskID === 'string') ids.add(taskID);
        if (ids.size > max)
          throw ApplicationFailure.nonRetryable(
            `more than ${max} tasks pass the filter: narrow it and take them in turns`,
            'InvalidInput',
          );
      }
      return [...ids];
    });
  };
}
