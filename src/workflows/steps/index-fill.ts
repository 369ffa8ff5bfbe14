import { ParentClosePolicy, workflowInfo } from '@temporalio/workflow';
import type { Checked } from '../../activities/check-input.ts';
import type { IndexRecords } from '../../activities/index-records.ts';
import { repeatable } from '../proxies.ts';
import { pushRecords } from '../push-records.ts';
import type { Replace } from '../replace-all-records.ts';
import { follows } from './changes.ts';
import { deleteIndex } from './index-cleanup.ts';
import { untilPublished } from './index-task.ts';
import { runChild } from './run-child.ts';

type Input = Checked<'replaceAllRecords'>;

/** A search may need a moment to see what is in. */
export const COUNTED = { settledMs: 10_000, waitMs: 5 * 60_000 } as const;

/** A second index with the settings of the first and the new records, every event of which has been read. */
export async function fillTemporaryIndex(
  input: Input,
  replace: Replace,
): Promise<{ temporaryIndex: string; count: number }> {
  const { indexName } = input;
  const { tell } = replace;
  const runID = workflowInfo().firstExecutionRunId;
  const { temporaryIndex, current, leftover } = await repeatable.inspectReplace({ indexName, runID });
  tell({ temporaryIndex, previousCount: current.records });
  if (leftover.exists) await deleteIndex(temporaryIndex);
  tell({ phase: 'copying settings' });
  await copyScopes(input, temporaryIndex);
  const { pushed, distinct } = await pushTo(temporaryIndex, input, replace);
  tell({ phase: 'counting', pushed, distinct });
  // Settings that were changed meanwhile stay changed. And Algolia does one thing after another: once this is done, the records are in.
  const { records: previousCount } = await copyScopes(input, temporaryIndex);
  const { records: count } = await repeatable.awaitRecords({
    indexName: temporaryIndex,
    expected: distinct,
    ...COUNTED,
  });
  tell({ previousCount, count });
  return { temporaryIndex, count };
}

/** Copies what isn't records, if there is an index to copy it from. Returns what that index holds. */
export async function copyScopes({ indexName, scopes }: Input, temporaryIndex: string): Promise<IndexRecords> {
  const current = await repeatable.countRecords({ indexName });
  if (current.exists && scopes.length > 0)
    await untilPublished(await repeatable.copyIndexScopes({ indexName, destination: temporaryIndex, scopes }));
  return current;
}

/** What a server on SQL takes, in bytes. */
const MAX_ID_BYTES = 255;

/** It tells what is pushed for, unless the index's name is so long that the server would refuse it. */
function pushIdOf(lockID: string, runId: string): string {
  const id = `${lockID}/push/${runId}`;
  const fits = new TextEncoder().encode(id).length <= MAX_ID_BYTES;
  return fits || !follows('fit the id of a push') ? id : `algolia-replace/push/${runId}`;
}

async function pushTo(
  temporaryIndex: string,
  { indexName, recordsRef, batch, maxParallel, reason }: Input,
  replace: Replace,
): Promise<{ pushed: number; distinct: number }> {
  const { workflowId: lockID, firstExecutionRunId } = workflowInfo();
  const workflowId = pushIdOf(lockID, firstExecutionRunId);
  replace.tell({ phase: 'pushing', workflows: { push: workflowId } });
  replace.pushedTo = true;
  const { pushed, distinct = pushed } = await runChild(pushRecords, {
    args: [
      {
        indexName: temporaryIndex,
        action: 'addObject',
        recordsRef,
        referenceIndexName: indexName,
        checkFirst: true,
        batch,
        maxParallel,
        ...(reason ? { reason } : {}),
      },
    ],
    workflowId,
    parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
    staticSummary: `push to ${temporaryIndex}`,
  });
  replace.pushedTo = false;
  return { pushed, distinct };
}
