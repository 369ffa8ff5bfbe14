import {
  ApplicationFailure,
  CancellationScope,
  defineQuery,
  isCancellation,
  ParentClosePolicy,
  setCurrentDetails,
  setHandler,
  upsertMemo,
  workflowInfo,
} from '@temporalio/workflow';
import type { Checked, WorkflowInput } from '../activities/check-input.ts';
import { checkInput, repeatable } from './proxies.ts';
import { openApprovals, requireApproval, type ApprovalOutcome } from './steps/approval.ts';
import { followChanges, follows } from './steps/changes.ts';
import { durationMs } from './steps/duration.ts';
import { failureMessage, failureType, unwrap } from './steps/failure-type.ts';
import { deleteForGood } from './steps/index-cleanup.ts';
import { describeReplace } from './steps/describe-replace.ts';
import { copyScopes, COUNTED, fillTemporaryIndex } from './steps/index-fill.ts';
import { judgeReplacement, type GuardReport } from './steps/index-guard.ts';
import { underLock } from './steps/index-lock.ts';
import { moveIndex } from './steps/index-move.ts';
import { findableBy } from './steps/search-attributes.ts';
import { runChild } from './steps/run-child.ts';

/**
 * Replaces all records of an index without a moment in which some are missing: fills a temporary index, proves it, moves it into place.
 * Fails and leaves the index as it was if an event failed, the counts disagree or the guard objects (unless somebody approves).
 * One replace per index at a time: the workflow id is the lock. Started under any other id, it starts the one that holds it.
 */
export type ReplaceAllRecordsInput = WorkflowInput<'replaceAllRecords'>;

export interface ReplaceAllRecordsResult {
  readonly indexName: string;
  /** Records of the index right before it was replaced. */
  readonly previousCount: number;
  /** Records of it now. */
  readonly count: number;
  readonly pushed: number;
  /** Different objectIDs among the records pushed: of those with the same one the last counts. */
  readonly distinct: number;
  /** The index they were pushed to first; gone now. */
  readonly temporaryIndex: string;
  /** ISO 8601. */
  readonly movedAt: string;
  readonly guard: GuardReport;
  readonly approval?: ApprovalOutcome;
  /** A cancellation came when the move had been sent already. */
  readonly cancelledTooLate?: true;
}

export type ReplacePhase =
  | 'checking'
  | 'waiting for another replace'
  | 'replacing'
  | 'copying settings'
  | 'pushing'
  | 'counting'
  | 'waiting for an approval'
  | 'moving'
  | 'proving'
  | 'done'
  | 'deleting the temporary index'
  | 'cancelled'
  | 'failed';

/** The answer to the query `status`: the result as far as it is known. */
export type ReplaceAllRecordsStatus = Partial<ReplaceAllRecordsResult> & {
  readonly indexName: string;
  readonly phase: ReplacePhase;
  /** The workflows that do the work, by what they do. */
  readonly workflows?: Readonly<Record<string, string>>;
  /** Why it failed, and what is left behind. */
  readonly problem?: string;
};

export const replaceAllRecordsStatus = defineQuery<ReplaceAllRecordsStatus>('status');

/** The one workflow that may replace this index. */
export const replaceAllRecordsId = (applicationId: string, indexName: string) =>
  `algolia-replace/${applicationId}/${indexName}`;

export async function replaceAllRecords(rawInput: ReplaceAllRecordsInput): Promise<ReplaceAllRecordsResult> {
  followChanges();
  const replace = startReplace(rawInput?.indexName);
  if (rawInput?.onGuard === 'askApproval' && holdsLock()) openApprovals();
  const input = await checkInput('replaceAllRecords', rawInput);
  findableBy({ AlgoliaAppId: input.applicationId, AlgoliaIndex: input.indexName });
  const lockID = replaceAllRecordsId(input.applicationId, input.indexName);
  return workflowInfo().workflowId === lockID
    ? replaceIndex(input, replace)
    : replaceInItsName(input, rawInput, lockID, replace);
}

/** As far as it can be told before the input is checked. */
const holdsLock = () => workflowInfo().workflowId.startsWith(replaceAllRecordsId('', '').slice(0, -1));

type Input = Checked<'replaceAllRecords'>;

/** The state of one replace, and the way to tell of a change. */
export interface Replace {
  readonly status: ReplaceAllRecordsStatus;
  /** Records may be on their way to the temporary index. */
  pushedTo: boolean;
  /** The move may have reached Algolia: nothing is deleted any more. */
  moveSent: boolean;
  readonly tell: (change: Partial<ReplaceAllRecordsStatus>) => void;
}

function startReplace(indexName: string): Replace {
  const replace: Replace & { status: ReplaceAllRecordsStatus } = {
    status: { indexName, phase: 'checking' },
    pushedTo: false,
    moveSent: false,
    tell(change) {
      replace.status = { ...replace.status, ...change };
      setCurrentDetails(describeReplace(replace.status));
    },
  };
  setHandler(replaceAllRecordsStatus, () => replace.status, {
    description: 'What the replace has come to so far, as in its result',
  });
  return replace;
}

/** Has the workflow whose id is the lock do it, and answers in its name. */
async function replaceInItsName(
  { indexName, onBusy, maxWait }: Input,
  rawInput: ReplaceAllRecordsInput,
  workflowID: string,
  { tell }: Replace,
): Promise<ReplaceAllRecordsResult> {
  const workflows = { replace: workflowID };
  const start = () => {
    tell({ phase: 'replacing', workflows });
    return runChild(replaceAllRecords, {
      args: [rawInput],
      workflowId: workflowID,
      parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
      staticSummary: `replace all records of ${indexName}`,
    });
  };
  try {
    const result = await underLock(
      { workflowID, indexName, onBusy, deadline: Date.now() + durationMs(maxWait) },
      start,
      () => tell({ phase: 'waiting for another replace', workflows }),
    );
    tell({ ...result, phase: 'done' });
    findableBy({ Outcome: 'replaced' });
    return result;
  } catch (error) {
    tell({ phase: isCancellation(error) ? 'cancelled' : 'failed', problem: failureMessage(error) });
    findableBy({ Outcome: isCancellation(error) ? 'cancelled' : 'failed' });
    throw isCancellation(error) ? error : unwrap(error);
  }
}

async function replaceIndex(input: Input, replace: Replace): Promise<ReplaceAllRecordsResult> {
  const { indexName } = input;
  const { tell } = replace;
  try {
    const { temporaryIndex, count } = await fillTemporaryIndex(input, replace);
    await passGuard(input, replace);
    tell({ phase: 'moving' });
    await moveIndex({ indexName: temporaryIndex, destination: indexName }, () => {
      replace.moveSent = true;
    });
    await CancellationScope.nonCancellable(() => prove(indexName, count, replace));
  } catch (error) {
    throw await endWith(error, input, replace);
  }
  if (CancellationScope.current().consideredCancelled) tell({ cancelledTooLate: true });
  tell({ phase: 'done' });
  findableBy({ Outcome: 'replaced' });
  const { phase: _phase, workflows: _workflows, problem: _problem, ...result } = replace.status;
  return result as ReplaceAllRecordsResult;
}

/** An index that is in use changes while people think: it would be asked for ever if one record more counted. */
const MAX_DRIFT_PERCENT = 1;

/** Past the guard, or past whoever may overrule it. */
async function passGuard(input: Input, replace: Replace): Promise<void> {
  const { indexName, guard, onGuard, approval, requestedBy, reason, recordsRef } = input;
  const { tell } = replace;
  const { previousCount = 0, count = 0, distinct = 0, pushed, temporaryIndex = '' } = replace.status;
  if (count === 0)
    throw ApplicationFailure.nonRetryable('there are no records to replace it with', 'GuardViolated', {
      previousCount,
      pushed,
      count,
    });
  const judge = (live: number) => judgeReplacement({ previousCount: live, count, distinct }, guard);
  let judged = previousCount;
  let report = judge(judged);
  tell({ guard: report });
  if (report.passed) return;
  if (onGuard === 'fail')
    throw ApplicationFailure.nonRetryable(
      `the guard objects: ${report.violations.join('; ')}`,
      'GuardViolated',
      report,
    );

  const plan = () => {
    const { violations } = report;
    return { indexName, previousCount: judged, count, pushed, violations, temporaryIndex, recordsRef };
  };
  const replan = async () => {
    const { records } = await repeatable.countRecords({ indexName });
    const now = judge(records);
    if (now.shrinkPercent >= report.shrinkPercent + MAX_DRIFT_PERCENT) {
      [report, judged] = [now, records];
      tell({ previousCount: judged, guard: report });
    }
    return plan();
  };
  tell({ phase: 'waiting for an approval' });
  const outcome = await requireApproval({
    title: `Replace all records of '${indexName}'`,
    reason: () => [report.violations.join('; '), reason].filter(Boolean).join('. '),
    plan: plan(),
    policy: approval?.policy,
    requestedBy,
    describeAround: () => describeReplace(replace.status),
    ...(follows('ask again when more would be lost') ? { replan } : {}),
  });
  tell({ approval: outcome });
  const live = await copyScopes(input, temporaryIndex);
  tell({ previousCount: live.records });
  const { records } = await repeatable.countRecords({ indexName: temporaryIndex });
  if (records !== count)
    throw ApplicationFailure.nonRetryable(
      `the temporary index '${temporaryIndex}' holds ${records} records now, not the ${count} that were approved: something else changes it`,
      'CountMismatch',
    );
}

/** The move has happened; this shows it. */
async function prove(indexName: string, count: number, { tell }: Replace): Promise<void> {
  tell({ phase: 'proving', movedAt: new Date().toISOString() });
  const { records } = await repeatable.awaitRecords({
    indexName,
    expected: count,
    ...COUNTED,
  });
  if (records !== count)
    throw ApplicationFailure.nonRetryable(
      `the index holds ${records} records after the move, not the ${count} of the temporary index: was it replaced, or does something else change it too?`,
      'CountMismatch',
    );
}

/** Cleans up as far as that is safe, and says what has become of the index. Returns what to throw. */
async function endWith(error: unknown, { indexName }: Input, replace: Replace): Promise<unknown> {
  const { temporaryIndex } = replace.status;
  const cancelled = isCancellation(error) && CancellationScope.current().consideredCancelled;
  const why = cancelled ? 'cancelled' : failureMessage(error);
  replace.tell({ phase: 'deleting the temporary index', problem: why });
  const leftBehind = temporaryIndex && !replace.moveSent ? await deleteForGood(temporaryIndex, replace) : undefined;
  const index = replace.moveSent
    ? `The move of '${temporaryIndex}' to '${indexName}' was sent, so '${indexName}' may hold the new records; nothing was deleted`
    : `The index '${indexName}' is as it was`;
  const problem = [why, index, ...(leftBehind ? [`Not undone: ${leftBehind}`] : [])].join('. ');
  replace.tell({ phase: cancelled ? 'cancelled' : 'failed', problem });
  findableBy({ Outcome: cancelled ? 'cancelled' : 'failed' });
  if (leftBehind) upsertMemo({ leftBehind });
  if (cancelled) return error;
  const failure = unwrap(error);
  return ApplicationFailure.create({
    type: failureType(error) ?? 'ReplaceFailed',
    nonRetryable: true,
    message: problem,
    ...(failure instanceof ApplicationFailure && failure.details ? { details: failure.details } : {}),
    ...(failure instanceof Error ? { cause: failure } : {}),
  });
}
