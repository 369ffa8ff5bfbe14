import { awaitTask } from './index-operations.ts';
import { isReplaceRunning } from './replace-lock.ts';
import { replaceLockID, temporaryIndexOf } from './replace-names.ts';
import { indexActivity, type SearchRequest } from './search-request.ts';

const PAGE_SIZE = 1_000;
/** Deleting takes a moment; the list of a later sweep tells if it took longer. */
const DELETED_WITHIN_MS = 30_000;

export interface SweepInput {
  /** Younger indices are left alone, in ms since they last changed. */
  readonly olderThanMs: number;
  /** Whether to delete what is left over, rather than to list it only. */
  readonly delete: boolean;
}

export interface TemporaryIndex {
  readonly indexName: string;
  /** The index that it was to replace. */
  readonly of: string;
  readonly records: number;
  /** ISO 8601; absent if Algolia doesn't say. */
  readonly changedAt?: string;
  /** `inUse`: a replace is going on. `young`: it may be in use by somebody whom this Temporal server doesn't know. */
  readonly state: 'leftover' | 'deleted' | 'inUse' | 'young';
  /** The replace that it belongs to, or did. */
  readonly workflowID: string;
}

/** Finds the temporary indices that replaces have left behind: terminated ones, or such whose move never told how it went. */
export function createSweepTemporaryIndices(request: SearchRequest, applicationId: string) {
  return indexActivity(async (input: SweepInput): Promise<TemporaryIndex[]> => {
    const found: TemporaryIndex[] = [];
    for await (const { name, entries, updatedAt, createdAt } of listIndices(request)) {
      const of = temporaryIndexOf(name);
      if (of === undefined) continue;
      const changedAt = [updatedAt, createdAt]
        .flatMap((date) => date ?? [])
        .toSorted()
        .at(-1);
      const workflowID = replaceLockID(applicationId, of);
      const index = { indexName: name, of, records: entries ?? 0, ...(changedAt ? { changedAt } : {}), workflowID };
      if (await isReplaceRunning(workflowID)) found.push({ ...index, state: 'inUse' });
      else if (!(Date.now() - Date.parse(changedAt ?? '') >= input.olderThanMs))
        found.push({ ...index, state: 'young' });
      else found.push({ ...index, state: input.delete ? await remove(request, name) : 'leftover' });
    }
    return found;
  });
}

async function remove(request: SearchRequest, indexName: string): Promise<'deleted'> {
  const { taskID } = await request('deleteIndex', { indexName });
  await awaitTask(request, { indexName, taskID }, DELETED_WITHIN_MS);
  return 'deleted';
}

async function* listIndices(request: SearchRequest) {
  for (let page = 0; ; page += 1) {
    const { items, nbPages } = await request('listIndices', { page, hitsPerPage: PAGE_SIZE });
    yield* items;
    if (items.length === 0 || page + 1 >= (nbPages ?? 1)) return;
  }
}
