import { setTimeout as delay } from 'node:timers/promises';
import { cancellationSignal } from '@temporalio/activity';
import { sendIfCurrent, sendOnce } from './attempt.ts';
import { indexActivity, type SearchRequest } from './search-request.ts';

const FIRST_POLL_MS = 250;
const MAX_POLL_MS = 5_000;
const POLL_GROWTH = 1.5;

export type Scope = 'settings' | 'rules' | 'synonyms';

/** The task that an index is busy with after a change; `indexName` is where to ask for it. */
export interface IndexTask {
  readonly indexName: string;
  readonly taskID: number;
}

export interface FromTo {
  readonly indexName: string;
  readonly destination: string;
}

/** Copies what isn't records. Twice is the same as once, so it may be sent again. */
export function createCopyIndexScopes(request: SearchRequest) {
  return indexActivity(
    ({ indexName, destination, scopes }: FromTo & { scopes: readonly Scope[] }): Promise<IndexTask> =>
      sendIfCurrent('copyIndexScopes', async ({ writeBefore }) => {
        const operationIndexParams = { operation: 'copy' as const, destination, scope: [...scopes] };
        const options = { repeatable: true as const, writeBefore };
        const { taskID } = await request('operationIndex', { indexName, operationIndexParams }, options);
        return { indexName: destination, taskID };
      }),
  );
}

/** Renames an index, and so replaces the one that has that name. Sent once. */
export function createMoveIndex(request: SearchRequest) {
  return indexActivity(({ indexName, destination }: FromTo): Promise<IndexTask> =>
    sendOnce('moveIndex', async ({ writeBefore }) => {
      const operationIndexParams = { operation: 'move' as const, destination };
      const { taskID } = await request('operationIndex', { indexName, operationIndexParams }, { writeBefore });
      return { indexName, taskID };
    }),
  );
}

/** Deletes an index; one that isn't there is no error. */
export function createDeleteIndex(request: SearchRequest) {
  return indexActivity(({ indexName }: { indexName: string }): Promise<IndexTask> =>
    sendIfCurrent('deleteIndex', async ({ writeBefore }) => {
      const { taskID } = await request('deleteIndex', { indexName }, { writeBefore });
      return { indexName, taskID };
    }),
  );
}

/** Waits until an index has done what it was told, or the time is over. */
export function createAwaitIndexTask(request: SearchRequest) {
  return indexActivity(async ({ waitMs, ...task }: IndexTask & { waitMs: number }) => ({
    published: await awaitTask(request, task, waitMs),
  }));
}

/** Whether the task was done in time. */
export async function awaitTask(
  request: SearchRequest,
  { indexName, taskID }: IndexTask,
  waitMs: number,
): Promise<boolean> {
  const signal = cancellationSignal();
  const deadline = Date.now() + waitMs;
  for (let pollMs = FIRST_POLL_MS; ; pollMs = Math.min(pollMs * POLL_GROWTH, MAX_POLL_MS)) {
    const { status } = await request('getIndexTask', { indexName, taskID: String(taskID) });
    if (status === 'published') return true;
    if (Date.now() >= deadline) return false;
    await delay(pollMs, undefined, { signal });
  }
}
