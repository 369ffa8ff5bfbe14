import {
  ApplicationFailure,
  CancellationScope,
  condition,
  defineQuery,
  defineSignal,
  isCancellation,
  log,
  setCurrentDetails,
  setHandler,
  upsertMemo,
} from '@temporalio/workflow';
import type { RunProgress } from '../activities/await-run.ts';
import type { Checked, WorkflowInput } from '../activities/check-input.ts';
import type { EventDigest } from '../activities/digest-events.ts';
import type { SeenRun } from '../activities/inspect-task.ts';
import { checkInput, repeatable } from './proxies.ts';
import { follows } from './steps/changes.ts';
import { countVerdict } from './steps/count-verdict.ts';
import { describeSync } from './steps/describe-sync.ts';
import { durationMs, tryDurationMs } from './steps/duration.ts';
import { failureMessage } from './steps/failure-type.ts';
import { followRun, judgeWait } from './steps/follow-run.ts';
import { findableBy } from './steps/search-attributes.ts';
import { startedSince, stillRunning } from './steps/still-running.ts';
import { triggerRun, type TriggeredRun } from './steps/trigger-run.ts';
import { isGood, type Judgement, type Verdict } from './steps/verdict.ts';
import { watchRun, type Wait } from './steps/watch-run.ts';

/**
 * Runs an Algolia task once and says truthfully what came of it.
 * Triggers a run, or adopts the one that is going on; waits for it without filling history; reads its events; gives a verdict.
 * Green means good: any other verdict fails the workflow unless `failWorkflow` is false.
 */
export type SyncTaskInput = WorkflowInput<'syncTask'>;

export interface SyncTaskResult extends Judgement {
  readonly taskID: string;
  /** Absent when nothing ran. */
  readonly runID?: string;
  /** The run was going on already, or the answer to its trigger was lost and it was found. */
  readonly adopted: boolean;
  /** The answer to the trigger was lost and more than one new run was found. */
  readonly duplicateSuspected?: boolean;
  readonly progress?: RunProgress;
  /** Events by type and status. */
  readonly events?: EventDigest['counts'];
  /** The first events that failed, up to `maxFailures`. */
  readonly failures: EventDigest['failures'];
  /** Every run this sync followed, in order. */
  readonly runs: readonly FollowedRun[];
  /** Which API key the last poll used. */
  readonly keyVersion?: string;
  /** Algolia can't stop a run: one that is no longer waited for goes on. */
  readonly remoteStillRunning: boolean;
  readonly startedAt: string;
  readonly finishedAt: string;
}

export interface FollowedRun {
  readonly runID: string;
  readonly verdict: Verdict;
  readonly reasonCode?: string;
}

export type SyncPhase =
  | 'checking'
  | 'waiting for another run'
  | 'triggering'
  | 'running'
  | 'reading events'
  | 'pausing'
  | 'done';

/** The answer to the query `status`: the result as far as it is known. */
export type SyncTaskStatus = Partial<SyncTaskResult> & {
  readonly taskID: string;
  readonly phase: SyncPhase;
  readonly deadline?: string;
};

export const pollNow = defineSignal('pollNow');
export const extendDeadline = defineSignal<[{ by: string }]>('extendDeadline');
export const giveUp = defineSignal<[{ reason: string }]>('giveUp');
export const syncTaskStatus = defineQuery<SyncTaskStatus>('status');

/** Before a further run after one that failed for a passing reason; doubles each time. */
const PAUSE_BEFORE_NEW_RUN_MS = 30_000;

export async function syncTask(rawInput: SyncTaskInput): Promise<SyncTaskResult> {
  const sync = startSync(rawInput?.taskID);
  const input = await checkInput('syncTask', rawInput);
  try {
    const result = await run(input, sync);
    findableBy({ Outcome: result.verdict });
    if (isGood(result, input) || !input.failWorkflow) return result;
    throw ApplicationFailure.create({
      type: 'SyncFailed',
      nonRetryable: true,
      message: `${result.verdict}: ${result.reason}`,
      details: [result],
    });
  } catch (error) {
    if (isCancellation(error)) await CancellationScope.nonCancellable(() => reportCancelled(input, sync));
    throw error;
  }
}

/** The state of one sync, and the way to tell of a change. */
interface Sync {
  readonly status: SyncTaskStatus;
  readonly wait: Wait;
  /** Ids of the runs that were there before the trigger. */
  known: readonly string[];
  /** The answer to the trigger was lost. */
  lost: boolean;
  /** By how much a wait was extended before it began, in ms. */
  early: number;
  readonly tell: (change: Partial<SyncTaskStatus>) => void;
}

function startSync(taskID: string): Sync {
  const wait: Wait = { deadline: 0, interrupt: () => undefined };
  const sync = {
    status: {
      taskID,
      phase: 'checking',
      runs: [],
      failures: [],
      adopted: false,
      startedAt: new Date().toISOString(),
    } as SyncTaskStatus,
    wait,
    known: [],
    lost: false,
    early: 0,
    tell(change: Partial<SyncTaskStatus>) {
      sync.status = {
        ...sync.status,
        ...change,
        ...(wait.deadline ? { deadline: new Date(wait.deadline).toISOString() } : {}),
      };
      setCurrentDetails(describeSync(sync.status));
    },
  };
  setHandler(syncTaskStatus, () => sync.status, { description: 'What the sync has come to so far, as in its result' });
  setHandler(pollNow, () => wait.interrupt(), { description: 'Polls the run at once. No input' });
  setHandler(
    extendDeadline,
    (message) => {
      const byMs = tryDurationMs(message?.by);
      if (byMs === undefined) return log.warn('extendDeadline ignored: expected {"by": "30m"}');
      wait.deadline += byMs;
      if (sync.status.phase !== 'running' && sync.status.phase !== 'waiting for another run') sync.early += byMs;
      sync.tell({});
      wait.interrupt();
    },
    { description: 'Waits longer. Input: {"by": "30m"}' },
  );
  setHandler(
    giveUp,
    (message) => {
      const { reason } = message ?? {};
      wait.givenUp = typeof reason === 'string' && reason ? reason : 'no reason given';
      wait.interrupt();
    },
    { description: 'Stops waiting; the run goes on at Algolia. Input: {"reason": "…"}' },
  );
  return sync;
}

async function run(input: Checked<'syncTask'>, sync: Sync): Promise<SyncTaskResult> {
  let task = await repeatable.inspectTask({ taskID: input.taskID });
  findableBy({ AlgoliaAppId: input.applicationId, AlgoliaTaskId: input.taskID, AlgoliaIndex: task.indexName });
  sync.wait.deadline = deadlineFromNow(input, sync);
  for (;;) {
    if (!task.enabled) return finish(sync, { verdict: 'blocked', reason: 'the task is disabled' });
    sync.known = task.known;
    const [running] = task.running;
    if (!running) return runAndJudge(input, sync);
    switch (input.onBusy) {
      case 'adopt':
        return runAndJudge(input, sync, running);
      case 'skip':
        return finish(sync, {
          verdict: 'skipped',
          reasonCode: 'busy',
          reason: `run ${running.runID} of the task is going on`,
        });
      case 'fail':
        throw ApplicationFailure.nonRetryable(`run ${running.runID} of the task is going on`, 'TaskBusy', running);
      case 'wait': {
        sync.tell({ phase: 'waiting for another run', runID: running.runID });
        const other = await watchRun(running.runID, sync.wait, durationMs(input.noProgressFor), () => undefined);
        if (other.state !== 'ended') return finish(sync, judgeWait(other, sync.wait));
        if (!follows('look again after the wait')) return runAndJudge(input, sync);
        // It may be busy again. And what began meanwhile must not be taken for the run of a trigger whose answer is lost.
        task = await repeatable.inspectTask({ taskID: input.taskID });
      }
    }
  }
}

async function runAndJudge(input: Checked<'syncTask'>, sync: Sync, running?: SeenRun): Promise<SyncTaskResult> {
  const runs: FollowedRun[] = [];
  for (let further = 0; ; further += 1) {
    sync.tell({ phase: 'triggering' });
    sync.lost = false;
    const followed =
      running && further === 0 ? { ...running, adopted: true, duplicateSuspected: false } : await trigger(input, sync);
    const { runID, adopted, duplicateSuspected } = followed;
    sync.wait.deadline = deadlineFromNow(input, sync);
    sync.early = 0;
    sync.tell({ phase: 'running', runID, adopted, ...(duplicateSuspected ? { duplicateSuspected } : {}) });
    findableBy({ AlgoliaRunId: runID });

    const judgement = await followRun(followed, sync.wait, input, sync.tell);
    const { verdict, reasonCode } = judgement;
    runs.push({ runID, verdict, ...(reasonCode ? { reasonCode } : {}) });
    sync.tell({ runs: [...runs] });
    if (verdict !== 'transient' || further >= input.newRuns) return finish(sync, judgement);

    sync.tell({ phase: 'pausing', reason: judgement.reason });
    const pauseMs = PAUSE_BEFORE_NEW_RUN_MS * 2 ** further;
    const summary = `before a new run: ${judgement.reason}`;
    if (await condition(() => sync.wait.givenUp !== undefined, pauseMs, { summary }))
      return finish(sync, { ...judgement, reason: `given up: ${sync.wait.givenUp}; ${judgement.reason}` });
    sync.known = follows('look again after the wait')
      ? (await repeatable.inspectTask({ taskID: input.taskID })).known
      : [runID, ...sync.known];
  }
}

/** What was said before there was anything to wait for counts as well. */
function deadlineFromNow({ maxDuration }: Checked<'syncTask'>, { early }: Sync): number {
  const extendedBy = early > 0 && follows('extend what has yet to begin') ? early : 0;
  return Date.now() + durationMs(maxDuration) + extendedBy;
}

function trigger({ taskID, runMetadata }: Checked<'syncTask'>, sync: Sync): Promise<TriggeredRun> {
  return triggerRun({ taskID, known: sync.known, ...(runMetadata ? { runMetadata } : {}) }, () => {
    sync.lost = true;
  });
}

function finish(sync: Sync, judgement: Judgement): SyncTaskResult {
  countVerdict('sync', judgement.verdict);
  sync.tell({
    ...judgement,
    phase: 'done',
    finishedAt: new Date().toISOString(),
    remoteStillRunning: sync.status.remoteStillRunning ?? false,
  });
  const { phase: _phase, deadline: _deadline, ...result } = sync.status;
  return result as SyncTaskResult;
}

/** A cancelled workflow returns nothing, so the truth goes where it can be seen: Current Details, `status` and the memo. */
async function reportCancelled(input: Checked<'syncTask'>, sync: Sync): Promise<void> {
  const { phase } = sync.status;
  let { runID } = sync.status;
  let mayRun = false;
  if (phase === 'triggering') {
    const lost = sync.lost && follows('wait for what a lost trigger started');
    const begun = await startedSince(input.taskID, sync.known, { lost });
    [runID] = begun ?? [];
    mayRun = lost && begun === undefined;
  }
  const isOurs = phase !== 'waiting for another run';
  const remoteStillRunning = mayRun || (runID !== undefined && isOurs && (await stillRunning(runID)));
  const which = runID === undefined ? 'a run that may have begun' : `run ${runID}`;
  const goesOn = remoteStillRunning ? `; Algolia can't stop ${which}, so it goes on` : '';
  const disabled = remoteStillRunning && input.onCancel === 'disableTask' ? await disable(input.taskID) : '';
  sync.tell({ remoteStillRunning, ...(runID ? { runID } : {}) });
  finish(sync, { verdict: 'cancelled', reason: `cancelled${goesOn}${disabled}` });
  upsertMemo({ remoteStillRunning, ...(runID ? { runID } : {}) });
  findableBy({ Outcome: 'cancelled' });
}

async function disable(taskID: string): Promise<string> {
  try {
    await repeatable.disableTask({ taskID });
    return '; the task is disabled';
  } catch (error) {
    return `; the task could not be disabled: ${failureMessage(error)}`;
  }
}
