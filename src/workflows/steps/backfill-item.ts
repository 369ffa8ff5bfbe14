import {
  ApplicationFailure,
  isCancellation,
  ParentClosePolicy,
  workflowInfo,
  type ChildWorkflowOptions,
} from '@temporalio/workflow';
import { syncSource, type SyncSourceResult } from '../sync-source.ts';
import { syncTask, type SyncTaskResult } from '../sync-task.ts';
import { idOf, type BackfillItem, type BackfillOptions, type ItemVerdict } from './backfill-state.ts';
import { failureMessage, failureType, unwrap } from './failure-type.ts';
import { isGood, type Verdict } from './verdict.ts';
import { runChild } from './run-child.ts';

/** A verdict is told in a line; the child has the rest. */
const MAX_REASON = 300;

/** The same for the same item, so that no item is ever synced by two. */
function childIdOf(item: BackfillItem): string {
  return `${workflowInfo().workflowId}/${Object.values(idOf(item)).join('')}`;
}

/** Has a child sync one item, and returns what came of it, whatever that is. */
export async function syncItem(item: BackfillItem, { run }: BackfillOptions): Promise<ItemVerdict> {
  const workflowId = childIdOf(item);
  const startedAt = new Date().toISOString();
  const onEmpty = item.onEmpty ?? run.onEmpty;
  const tell = (came: Pick<ItemVerdict, 'verdict' | 'reason' | 'good'> & Partial<ItemVerdict>): ItemVerdict => ({
    ...idOf(item),
    workflowId,
    startedAt,
    finishedAt: new Date().toISOString(),
    ...came,
    reason: came.reason.slice(0, MAX_REASON),
  });
  const judge = (result: SyncTaskResult | SyncSourceResult): ItemVerdict =>
    tell('tasks' in result ? judgeSource(result, onEmpty) : judgeTask(result, onEmpty));
  const options = {
    workflowId,
    parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
    // What somebody waits for, such as a key rotation, goes before what there are thousands of; and one backfill
    // doesn't wait for another.
    priority: { priorityKey: 4, fairnessKey: fairnessKeyOf(workflowInfo().workflowId) },
    staticSummary: `one of backfill ${workflowInfo().workflowId}`,
  } satisfies ChildWorkflowOptions;
  try {
    return judge(
      'taskID' in item
        ? await runChild(syncTask, { ...options, args: [{ ...run, ...item }] })
        : await runChild(syncSource, { ...options, args: [{ ...forSource(run), ...item }] }),
    );
  } catch (error) {
    const cause = unwrap(error);
    if (failureType(error) === 'SyncFailed' && cause instanceof ApplicationFailure)
      return judge(cause.details?.[0] as SyncTaskResult | SyncSourceResult);
    const cancelled = isCancellation(error);
    return tell({
      verdict: cancelled ? 'cancelled' : 'failed',
      good: false,
      reason: cancelled
        ? 'cancelled; the child says what still runs'
        : `${failureType(error) ?? 'failed'}: ${failureMessage(error)}`,
    });
  }
}

/** The server takes 64 bytes. */
const fairnessKeyOf = (workflowId: string) => workflowId.replace(/[^\x20-\x7e]/g, '_').slice(-64);

type OnEmpty = 'ok' | 'warn' | 'fail';

function judgeTask(result: SyncTaskResult, onEmpty: OnEmpty) {
  const { verdict, reason, reasonCode, runID } = result;
  return {
    verdict,
    reason,
    good: isGood(result, { onEmpty }),
    ...(reasonCode ? { reasonCode } : {}),
    ...(runID ? { runID } : {}),
  };
}

/** The verdict of a source is the first of its tasks' that isn't good. */
function judgeSource({ tasks }: SyncSourceResult, onEmpty: OnEmpty) {
  const all = Object.entries(tasks).map(([taskID, { verdict = 'timedOut', reason = '', ...rest }]) => ({
    ...rest,
    taskID,
    verdict: verdict as Verdict,
    reason,
  }));
  const bad = all.filter((judgement) => !isGood(judgement, { onEmpty }));
  const [first = all[0]] = bad;
  return {
    verdict: first?.verdict ?? ('blocked' as const),
    reason: first ? `${bad.length} of ${all.length} tasks: ${first.reason}` : 'no task of the source ran',
    good: bad.length === 0 && all.length > 0,
    tasks: Object.fromEntries(all.map(({ taskID, verdict }) => [taskID, verdict])),
  };
}

/** A source's sync knows fewer ways. */
function forSource({ maxDuration, noProgressFor, onEmpty, maxFailures }: BackfillOptions['run']) {
  return { maxDuration, noProgressFor, onEmpty, maxFailures };
}
