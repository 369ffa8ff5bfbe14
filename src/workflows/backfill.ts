import {
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  condition,
  continueAsNew,
  defineQuery,
  isCancellation,
  log,
  setCurrentDetails,
  setHandler,
  upsertMemo,
  workflowInfo,
} from '@temporalio/workflow';
import type { WorkflowInput } from '../activities/check-input.ts';
import { checkInput, keepVerdicts, repeatable } from './proxies.ts';
import { syncItem } from './steps/backfill-item.ts';
import { finished, idOf, type Backfill, type BackfillProgress, type ItemVerdict } from './steps/backfill-state.ts';
import { waitForTurn } from './steps/backfill-turn.ts';
import { follows } from './steps/changes.ts';
import { describeBackfill, estimateEnd } from './steps/describe-backfill.ts';
import { failureMessage } from './steps/failure-type.ts';
import { acceptPace } from './steps/pace-signals.ts';
import { findableBy } from './steps/search-attributes.ts';

/**
 * Syncs many tasks or sources, never more than `maxParallel` at a time: each by a child of its own, each exactly once.
 * Can be paused, sped up and slowed down; keeps to hours of the day; stops when too much fails. Goes on in a new history long before
 * one gets long, after the syncs under way have ended: so no child is ever without its parent. Green means that every verdict is good.
 */
export type BackfillInput = WorkflowInput<'backfill'>;

export interface BackfillResult {
  readonly total: number;
  /** How many came to which verdict. */
  readonly counts: BackfillProgress['counts'];
  /** The first that aren't good: a thousand, or 450 KB of them. Where `counts` has no more, whatever else was started is. */
  readonly notGood: readonly ItemVerdict[];
  /** All verdicts, one a line; absent where the worker has no `RECORDS_DIR`. */
  readonly verdictsRef?: { readonly uri: string };
  /** Why the file doesn't hold all of them. */
  readonly verdictsLost?: string;
  readonly notStarted: number;
  /** Why not all were started. */
  readonly stopped?: string;
  readonly startedAt: string;
  readonly finishedAt: string;
}

/** The answer to the query `status`. */
export interface BackfillStatus extends Omit<BackfillResult, 'finishedAt'> {
  readonly phase: 'checking' | 'syncing' | 'paused' | 'stopping' | 'done' | 'cancelled';
  readonly reason?: string;
  readonly done: number;
  readonly running: readonly ({ readonly taskID: string } | { readonly sourceID: string })[];
  readonly maxParallel: number;
  readonly waitsFor?: string;
  /** When it will be over at this pace. */
  readonly eta?: string;
}

export const backfillStatus = defineQuery<BackfillStatus>('status');

const MAX_PARALLEL = 100;
const MAX_ITEMS = 20_000;
/** They are handed on together with the items, which may take 1.5 MB of the 2 MB that pass at once. */
const MAX_NOT_GOOD = { count: 1_000, bytes: 450_000 } as const;
/** A verdict is about as long; the file is written in pieces that pass as a payload. */
const MAX_UNKEPT = 1_000;

export async function backfill(rawInput: BackfillInput, carriedOver?: BackfillProgress): Promise<BackfillResult> {
  if (carriedOver && workflowInfo().continuedFromExecutionRunId === undefined)
    throw ApplicationFailure.nonRetryable(
      'input: a backfill takes one JSON object; the second is for what a backfill hands on to its own next run. Nothing was sent.',
      'InvalidInput',
    );
  const desk = openDesk(rawInput);
  const state = { ...(carriedOver ?? (await begin(rawInput, desk))), running: new Map(), unkept: [] } as Backfill;
  desk.start(state);
  findableBy({ AlgoliaAppId: state.options.applicationId });
  try {
    await syncAll(rawInput, state, desk.tell);
    await keep(state);
    // The next run would not hear of it.
    if (goesOn(state) && CancellationScope.current().consideredCancelled && follows('end before going on'))
      throw new CancelledFailure('cancelled');
  } catch (error) {
    if (isCancellation(error)) await CancellationScope.nonCancellable(() => reportCancelled(state, desk));
    throw error;
  }
  if (goesOn(state)) await goOn(rawInput, state);
  return conclude(state, desk);
}

/** What people can ask and say, from before the input is checked until the end. */
interface Desk {
  readonly tell: (phase?: BackfillStatus['phase'], reason?: string) => void;
  readonly start: (state: Backfill) => void;
  /** What was said before there was anything to do. */
  readonly said: { paused?: boolean; maxParallel?: number };
}

function openDesk(rawInput: BackfillInput): Desk {
  let state: Backfill | undefined;
  let ending: { phase: BackfillStatus['phase']; reason?: string } | undefined;
  const said: Desk['said'] = {};
  const status = () => statusOf(state, rawInput, ending);
  const tell: Desk['tell'] = (phase, reason) => {
    if (phase) ending = { phase, ...(reason ? { reason } : {}) };
    setCurrentDetails(describeBackfill(status()));
  };
  setHandler(backfillStatus, status, { description: 'How many came to which verdict, and when it will be over' });
  acceptPace({
    descriptions: {
      pause: 'Starts no more syncs until told to resume. No input',
      setParallel: 'Has so many syncs under way at a time. Input: {"maxParallel": 8}',
    },
    limit: MAX_PARALLEL,
    onPaused(paused) {
      said.paused = paused;
      if (state) state.paused = paused;
      tell();
    },
    onParallel(maxParallel) {
      said.maxParallel = maxParallel;
      if (state) state.maxParallel = maxParallel;
      tell();
    },
  });
  return {
    tell,
    said,
    start(begun) {
      state = begun;
      // Said while the input was checked, or before this run had a state.
      if (said.paused !== undefined) state.paused = said.paused;
      if (said.maxParallel !== undefined) state.maxParallel = said.maxParallel;
      tell();
    },
  };
}

async function begin(rawInput: BackfillInput, { tell }: Desk): Promise<BackfillProgress> {
  const { items, taskFilter, ...options } = await checkInput('backfill', rawInput);
  tell();
  const taskIDs = taskFilter && (await repeatable.listTaskIDs({ filter: taskFilter, max: MAX_ITEMS }));
  return {
    options,
    total: taskIDs?.length ?? items?.length ?? 0,
    next: 0,
    ...(taskIDs ? { taskIDs } : {}),
    counts: {},
    notGood: [],
    failures: 0,
    itemMs: 0,
    maxParallel: options.maxParallel,
    paused: false,
    startedAt: new Date().toISOString(),
    file: { bytes: 0 },
  };
}

/** Starts one item after the other as there is room for it, and returns when none is under way. */
async function syncAll(rawInput: BackfillInput, state: Backfill, tell: Desk['tell']): Promise<void> {
  const { next: first, taskIDs = [] } = state;
  while (state.next < state.total && (await waitForTurn(state, tell))) {
    const item = rawInput.items?.[state.next] ?? { taskID: taskIDs[state.next - first] ?? '' };
    const key = JSON.stringify(idOf(item));
    state.next += 1;
    state.lastStartAt = Date.now();
    state.running.set(key, item);
    void syncItem(item, state.options).then((verdict) => {
      state.running.delete(key);
      record(state, verdict);
      tell();
    });
    tell();
  }
  if (state.taskIDs) state.taskIDs = taskIDs.slice(state.next - first);
  await condition(() => state.running.size === 0);
}

function record(state: Backfill, verdict: ItemVerdict): void {
  const { counts, options, notGood } = state;
  counts[verdict.verdict] = (counts[verdict.verdict] ?? 0) + 1;
  state.itemMs += Date.parse(verdict.finishedAt) - Date.parse(verdict.startedAt);
  state.unkept.push(verdict);
  if (verdict.good) return;
  state.failures += 1;
  state.notGoodBytes ??= bytesOf(notGood);
  const bytes = state.notGoodBytes + bytesOf(verdict);
  if (notGood.length < MAX_NOT_GOOD.count && bytes <= MAX_NOT_GOOD.bytes) {
    notGood.push(verdict);
    state.notGoodBytes = bytes;
  }
  const { stopAfterFailures = Infinity } = options;
  if (state.failures >= stopAfterFailures && state.next < state.total)
    state.stopped ??= `stopped after ${stopAfterFailures} failures`;
}

const bytesOf = (value: unknown): number => new TextEncoder().encode(JSON.stringify(value)).length;

/** Adds the verdicts to the file. A place for files that fails costs the file, not the backfill. */
async function keep(state: Backfill): Promise<void> {
  const { workflowId, firstExecutionRunId } = workflowInfo();
  const name = `${workflowId.replace(/[^\w-]+/g, '-').slice(0, 100)}-${firstExecutionRunId}`;
  while (state.unkept.length > 0 && state.file.lost === undefined) {
    const verdicts = state.unkept.slice(0, MAX_UNKEPT);
    try {
      state.file = await keepVerdicts({ name, offset: state.file.bytes, verdicts });
      state.unkept.splice(0, verdicts.length);
    } catch (error) {
      if (isCancellation(error)) throw error;
      log.warn('verdicts could not be kept', { why: failureMessage(error) });
      state.file = { ...state.file, lost: failureMessage(error) };
    }
  }
}

const goesOn = ({ stopped, next, total }: Backfill): boolean => stopped === undefined && next < total;

async function goOn(rawInput: BackfillInput, state: Backfill): Promise<never> {
  const { running: _running, unkept: _unkept, waitsFor: _waitsFor, window: _window, ...progress } = state;
  return continueAsNew<typeof backfill>(rawInput, progress);
}

function conclude(state: Backfill, { tell }: Desk): BackfillResult {
  const result = resultOf(state);
  const { notStarted, stopped, total } = result;
  findableBy({ Outcome: stopped ? 'stopped' : state.failures > 0 ? 'partial' : 'success' });
  tell('done', stopped);
  if (state.failures === 0 || !state.options.failWorkflow) return result;
  const [first] = state.notGood;
  const left = stopped ? `; ${stopped}, ${notStarted} were not started` : '';
  throw ApplicationFailure.create({
    type: 'BackfillFailed',
    nonRetryable: true,
    message: `${state.failures} of ${total} came to no good verdict${left}; the first: ${first?.taskID ?? first?.sourceID}: ${first?.verdict} (${first?.reason})`,
    details: [result],
  });
}

function resultOf(state: Backfill): BackfillResult {
  const { total, counts, notGood, file, next, stopped, startedAt } = state;
  return {
    total,
    counts,
    notGood,
    ...(file.uri ? { verdictsRef: { uri: file.uri } } : {}),
    ...(file.lost ? { verdictsLost: file.lost } : {}),
    notStarted: total - next,
    ...(stopped ? { stopped } : {}),
    startedAt,
    finishedAt: new Date().toISOString(),
  };
}

function statusOf(
  state: Backfill | undefined,
  rawInput: BackfillInput,
  ending?: Pick<BackfillStatus, 'phase' | 'reason'>,
): BackfillStatus {
  if (!state) {
    const total = rawInput?.items?.length ?? 0;
    const nothing = { total, counts: {}, notGood: [], notStarted: total, done: 0, running: [], startedAt: '' };
    return { phase: 'checking', ...nothing, maxParallel: rawInput?.maxParallel ?? 0, ...ending };
  }
  const { finishedAt: _, ...result } = resultOf(state);
  const eta = estimateEnd(state);
  return {
    phase: state.paused ? 'paused' : state.stopped !== undefined ? 'stopping' : 'syncing',
    ...(state.stopped ? { reason: state.stopped } : {}),
    ...result,
    done: finished(state),
    running: [...state.running.values()].map(idOf),
    maxParallel: state.maxParallel,
    ...(state.waitsFor ? { waitsFor: state.waitsFor } : {}),
    ...(eta ? { eta } : {}),
    ...ending,
  };
}

/** The children were cancelled with their parent and tell of themselves; what is said here is what was and wasn't synced. */
async function reportCancelled(state: Backfill, { tell }: Desk): Promise<void> {
  await condition(() => state.running.size === 0);
  await keep(state);
  const { counts, notStarted } = resultOf(state);
  upsertMemo({ counts, notStarted });
  findableBy({ Outcome: 'cancelled' });
  tell('cancelled', `${notStarted} were not started; what was synced stays so`);
}
