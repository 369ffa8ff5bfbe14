import {
  ApplicationFailure,
  CancellationScope,
  defineQuery,
  isCancellation,
  setCurrentDetails,
  setHandler,
  upsertMemo,
} from '@temporalio/workflow';
import type { Checked, WorkflowInput } from '../activities/check-input.ts';
import type { EventDigest } from '../activities/digest-events.ts';
import { checkInput, once, repeatable } from './proxies.ts';
import { attemptOnce } from './steps/attempt-once.ts';
import { follows } from './steps/changes.ts';
import { countVerdict } from './steps/count-verdict.ts';
import { durationMs } from './steps/duration.ts';
import { failureMessage } from './steps/failure-type.ts';
import { followRun, type RunNews } from './steps/follow-run.ts';
import { lookFor } from './steps/look-for.ts';
import { plain } from './steps/plain-text.ts';
import { findableBy } from './steps/search-attributes.ts';
import { startedSince, stillRunning } from './steps/still-running.ts';
import { isGood, type Judgement, type Verdict } from './steps/verdict.ts';

/**
 * Runs every task of a source (Shopify, BigCommerce and commercetools have this) and gives one verdict per task.
 * One request starts one run per task; if its answer is lost, the runs that appeared are followed.
 * Fails unless every verdict is good and `failWorkflow` is not false.
 */
export type SyncSourceInput = WorkflowInput<'syncSource'>;

export interface SyncSourceResult {
  readonly sourceID: string;
  readonly tasks: Readonly<Record<string, TaskVerdict>>;
  readonly startedAt: string;
  readonly finishedAt?: string;
}

export type TaskVerdict = Partial<Judgement> &
  Pick<RunNews, 'progress' | 'remoteStillRunning' | 'events'> & {
    readonly runID: string;
    readonly failures?: EventDigest['failures'];
  };

export const syncSourceStatus = defineQuery<SyncSourceResult>('status');

type StartedRun = { readonly taskID: string; readonly runID: string; readonly createdAt: string };

const MAX_TRIGGERS = 3;
/** Of all tasks together: each may take three kilobytes, and Temporal takes no more than 2 MB at once. */
const MAX_FAILURES = 500;

export async function syncSource(rawInput: SyncSourceInput): Promise<SyncSourceResult> {
  const sync = startSync(rawInput?.sourceID);
  const input = await checkInput('syncSource', rawInput);
  findableBy({ AlgoliaAppId: input.applicationId });
  try {
    const runs = await startRuns(input, sync);
    if (runs.length === 0) {
      countVerdict('sync', 'blocked');
      const why = `no task of source ${input.sourceID} ran; none is enabled, or runSourcePayload leaves them all out`;
      return finish(input, sync, 'blocked', `blocked: ${why}`);
    }
    const judgements = await followRuns(input, sync, runs);
    const bad = judgements.filter((judgement) => !isGood(judgement, input));
    const [first] = bad;
    if (!first) return finish(input, sync, 'success');
    const verdicts = bad.map(({ verdict, reason }) => `${verdict} (${reason})`).join(', ');
    return finish(input, sync, first.verdict, `${bad.length} of ${judgements.length} tasks: ${verdicts}`);
  } catch (error) {
    if (isCancellation(error)) await CancellationScope.nonCancellable(() => reportCancelled(sync));
    throw error;
  }
}

/** The state of one sync, and the way to tell of a change. */
interface Sync {
  status: SyncSourceResult;
  /** The runs that each task had before the trigger. */
  readonly known: Map<string, readonly string[]>;
  /** The answer to the trigger was lost. */
  lost: boolean;
  readonly tell: (taskID: string, news: Partial<TaskVerdict>) => void;
}

function startSync(sourceID: string): Sync {
  const sync: Sync = {
    status: { sourceID, tasks: {}, startedAt: new Date().toISOString() },
    known: new Map(),
    lost: false,
    tell(taskID, news) {
      const { tasks } = sync.status;
      sync.status = { ...sync.status, tasks: { ...tasks, [taskID]: { ...tasks[taskID], ...news } as TaskVerdict } };
      setCurrentDetails(describe(sync.status));
    },
  };
  setHandler(syncSourceStatus, () => sync.status, { description: 'The verdict of each task so far' });
  return sync;
}

async function startRuns({ sourceID, runSourcePayload }: Checked<'syncSource'>, sync: Sync): Promise<StartedRun[]> {
  const { known } = sync;
  const { tasks } = await repeatable.listTasks({ sourceID: [sourceID], itemsPerPage: 100 });
  const taskIDs = tasks.flatMap(({ taskID }) => (taskID ? [taskID] : []));
  const inspections = await Promise.all(taskIDs.map((taskID) => repeatable.inspectTask({ taskID })));
  for (const [place, taskID] of taskIDs.entries()) known.set(taskID, inspections[place]?.known ?? []);
  const findNew = async (taskID: string): Promise<StartedRun[]> => {
    const [newest] = await repeatable.findNewRuns({ taskID, known: known.get(taskID) ?? [] });
    return newest ? [{ ...newest, taskID }] : [];
  };
  let lastError: unknown;
  for (let trigger = 1; trigger <= MAX_TRIGGERS; trigger += 1) {
    const attempt = await attemptOnce(() =>
      once.runSource({ sourceID, ...(runSourcePayload ? { runSourcePayload } : {}) }),
    );
    if (attempt.outcome === 'done') {
      const createdAt = attempt.value.createdAt ?? '';
      return Object.entries(attempt.value.taskWithRunID).map(([taskID, runID]) => ({ taskID, runID, createdAt }));
    }
    lastError = attempt.error;
    sync.lost = true;
    // They need not all show at once. A payload may leave tasks out, though.
    const enabled = inspections.filter((task) => task.enabled).length;
    const runs = follows('every run of a lost trigger') ? Math.max(enabled, 1) : 1;
    const found = await lookFor(async () => (await Promise.all(taskIDs.map(findNew))).flat(), runs);
    if (found.length > 0) return [...found];
  }
  throw ApplicationFailure.nonRetryable(
    `runSource was sent ${MAX_TRIGGERS} times without an answer and no run appeared; last: ${failureMessage(lastError)}`,
    'AlgoliaAmbiguous',
  );
}

/** Waits for all of them, and judges each. */
async function followRuns(
  input: Checked<'syncSource'>,
  { tell }: Sync,
  runs: readonly StartedRun[],
): Promise<Judgement[]> {
  for (const { taskID, runID } of runs) tell(taskID, { runID });
  const deadline = Date.now() + durationMs(input.maxDuration);
  const share = Math.max(Math.floor(MAX_FAILURES / runs.length), 1);
  const options = { ...input, maxFailures: Math.min(input.maxFailures, share) };
  return Promise.all(
    runs.map(async (run) => {
      const wait = { deadline, interrupt: () => undefined };
      const judgement = await followRun(run, wait, options, ({ phase: _phase, keyVersion: _keyVersion, ...news }) =>
        tell(run.taskID, news),
      );
      tell(run.taskID, judgement);
      countVerdict('sync', judgement.verdict);
      return judgement;
    }),
  );
}

/** With a problem the workflow fails, unless it is not to. */
function finish(input: Checked<'syncSource'>, sync: Sync, verdict: Verdict, problem?: string): SyncSourceResult {
  sync.status = { ...sync.status, finishedAt: new Date().toISOString() };
  findableBy({ Outcome: verdict });
  if (problem === undefined || !input.failWorkflow) return sync.status;
  throw ApplicationFailure.create({
    type: 'SyncFailed',
    nonRetryable: true,
    message: problem,
    details: [sync.status],
  });
}

/** What runs on, of the tasks without a verdict. A trigger that was cut short may have started runs that nobody has heard of yet. */
async function reportCancelled(sync: Sync): Promise<void> {
  let mayRun = false;
  if (Object.keys(sync.status.tasks).length === 0) {
    const lost = sync.lost && follows('wait for what a lost trigger started');
    await Promise.all(
      [...sync.known].map(async ([taskID, runs]) => {
        const begun = await startedSince(taskID, runs, { lost });
        const [runID] = begun ?? [];
        if (runID !== undefined) sync.tell(taskID, { runID });
        mayRun ||= lost && begun === undefined;
      }),
    );
  }
  const going = Object.entries(sync.status.tasks).filter(([, { verdict }]) => verdict === undefined);
  const remote = await Promise.all(going.map(([, { runID }]) => stillRunning(runID)));
  for (const [place, [taskID]] of going.entries()) {
    const remoteStillRunning = remote[place] ?? false;
    const goesOn = remoteStillRunning ? "; Algolia can't stop the run, so it goes on" : '';
    countVerdict('sync', 'cancelled');
    sync.tell(taskID, { verdict: 'cancelled', reason: `cancelled${goesOn}`, remoteStillRunning });
  }
  upsertMemo({ remoteStillRunning: mayRun || remote.includes(true) });
  findableBy({ Outcome: 'cancelled' });
}

function describe({ sourceID, tasks }: SyncSourceResult): string {
  const rows = Object.entries(tasks).map(([taskID, { runID, verdict, progress, reason }]) => {
    const soFar = progress ? `${progress.received} of ${progress.expected} events` : '';
    return `| \`${taskID}\` | \`${runID}\` | ${verdict ?? 'running'} | ${reason === undefined ? soFar : plain(reason)} |`;
  });
  return [`Source \`${sourceID}\``, '', '| task | run | verdict | |', '|---|---|---|---|', ...rows].join('\n');
}
