import {
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  defineQuery,
  isCancellation,
  log,
  setCurrentDetails,
  setHandler,
  upsertMemo,
} from '@temporalio/workflow';
import type { Checked, WorkflowInput } from '../activities/check-input.ts';
import type { RecordsInspection } from '../activities/inspect-records.ts';
import type { FailedRecords } from '../activities/keep-failed-records.ts';
import type { BadRecord, PushCheckpoint, PushFailure } from '../activities/push-checkpoint.ts';
import type { RecordsSource } from '../activities/push-source.ts';
import { checkInput, repeatable } from './proxies.ts';
import { followChanges, follows } from './steps/changes.ts';
import { describePush } from './steps/describe-push.ts';
import { durationMs } from './steps/duration.ts';
import { failureMessage, failureType } from './steps/failure-type.ts';
import { acceptPace } from './steps/pace-signals.ts';
import { pushInSlices, type PushControls } from './steps/push-in-slices.ts';
import { outcomeOf } from './steps/push-outcome.ts';
import { findableBy } from './steps/search-attributes.ts';

/**
 * Pushes records of any number: from a file, a download, or the input itself.
 * Bounded batches, several at a time, the event of each one read; what failed is kept, ready to be pushed again.
 * Green means that every record is in: a failed batch or a bad record fails the workflow, with the result in the failure's details.
 */
export type PushRecordsInput = WorkflowInput<'pushRecords'>;

export interface PushRecordsResult {
  /** Records that Algolia took, each line of the file counted: of an `objectID` that is there twice, both. */
  readonly pushed: number;
  /** Of those, records whose event says that they are in. */
  readonly verified: number;
  /** Records of batches that were refused, or whose event says failed, or nothing within `verifyWithin`. */
  readonly failed: number;
  /** Different objectIDs among all records: what an empty index holds afterwards. With `checkFirst` only. */
  readonly distinct?: number;
  /** Batches that Algolia took. */
  readonly batches: number;
  /** Of those, in JSON. */
  readonly bytes: number;
  /** Batches pushed a second time because the answer to the first was lost, or the worker. */
  readonly repeated: number;
  /** Lines that hold no record; they were passed over, or the first of them ended the push. */
  readonly badRecords: number;
  readonly firstBadRecords: readonly BadRecord[];
  /** The first failures, with objectIDs. */
  readonly failures: readonly PushFailure[];
  /** The records of all failed batches: a `recordsRef` to push again. */
  readonly failedRef?: { readonly uri: string; readonly sha256: string };
  /** Why there is no `failedRef` although records failed. */
  readonly notKept?: string;
  /** Whether everything there is was pushed, or pushing stopped before. */
  readonly complete: boolean;
  /** Why pushing stopped, or that there was nothing to push. */
  readonly reason?: string;
  readonly durationMs: number;
}

export type PushPhase = 'checking' | 'pushing' | 'paused' | 'keeping what failed' | 'done' | 'cancelled';

/** The answer to the query `status`: the result as of the last slice, and what goes on. */
export type PushRecordsStatus = Partial<PushRecordsResult> & {
  readonly phase: PushPhase;
  readonly target: string;
  readonly action: string;
  readonly maxParallel: number;
  /** Records that were taken, but whose event isn't read yet. */
  readonly unverified: number;
};

export const pushRecordsStatus = defineQuery<PushRecordsStatus>('status');

const MAX_PARALLEL = 64;
const MAX_IDS_IN_FAILURE = 100;

export async function pushRecords(rawInput: PushRecordsInput): Promise<PushRecordsResult> {
  followChanges();
  const push = startPush(rawInput);
  const input = await checkInput('pushRecords', rawInput);
  const { maxParallel = input.maxParallel } = push.said;
  push.controls.maxParallel = maxParallel;
  push.tell({ maxParallel });
  findableBy({ AlgoliaAppId: input.applicationId, AlgoliaIndex: input.indexName, AlgoliaTaskId: input.taskID });
  try {
    const { source, inspection } = await inspect(input);
    if (inspection?.distinct !== undefined) push.tell({ distinct: inspection.distinct });
    push.tell({ phase: push.controls.paused ? 'paused' : 'pushing' });
    const checkpoint = await pushInSlices(
      sliceOf(input, source),
      durationMs(input.noProgressFor),
      push.controls,
      push.tellCheckpoint,
    );
    if (CancellationScope.current().consideredCancelled) throw new CancelledFailure('cancelled while pushing');
    push.tell({ phase: 'keeping what failed' });
    const kept = await keepFailed(input, source, checkpoint);
    return judge(push, checkpoint, kept, input);
  } catch (error) {
    if (isCancellation(error)) reportCancelled(push);
    throw error;
  }
}

/** The state of one push, and the ways to tell of a change. */
interface Push {
  status: PushRecordsStatus;
  readonly controls: PushControls;
  /** By a signal, which may come before the input is checked. */
  readonly said: { maxParallel?: number };
  readonly tell: (change: Partial<PushRecordsStatus>) => void;
  readonly tellCheckpoint: (checkpoint: PushCheckpoint) => void;
}

function startPush(input: PushRecordsInput | undefined): Push {
  const startedAt = Date.now();
  const controls: PushControls = { paused: false, maxParallel: input?.maxParallel ?? 0, interrupt: () => undefined };
  const push: Push = {
    status: {
      phase: 'checking',
      target: input?.indexName ?? input?.taskID ?? '',
      action: input?.action ?? '',
      maxParallel: controls.maxParallel,
      unverified: 0,
    },
    controls,
    said: {},
    tell(change) {
      push.status = { ...push.status, ...change, durationMs: Date.now() - startedAt };
      setCurrentDetails(describePush(push.status));
    },
    tellCheckpoint: (checkpoint) => push.tell(outcomeOf(checkpoint)),
  };
  setHandler(pushRecordsStatus, () => push.status, { description: 'What is pushed so far, as in the result' });
  acceptPace({
    descriptions: {
      pause: 'Pushes no more batches until told to resume. No input',
      setParallel: 'Pushes this many batches at a time. Input: {"maxParallel": 8}',
    },
    limit: MAX_PARALLEL,
    onPaused(paused) {
      controls.paused = paused;
      if (push.status.phase === 'pushing' || push.status.phase === 'paused')
        push.tell({ phase: paused ? 'paused' : 'pushing' });
      if (paused) controls.interrupt();
    },
    onParallel(maxParallel) {
      controls.maxParallel = maxParallel;
      push.said.maxParallel = maxParallel;
      push.tell({ maxParallel });
      controls.interrupt();
    },
  });
  return push;
}

type Input = Checked<'pushRecords'>;

async function inspect(input: Input): Promise<{ source: RecordsSource; inspection?: RecordsInspection }> {
  const { records, recordsRef, checkFirst, onBadRecord, batch } = input;
  if (!recordsRef) return { source: { records: records ?? [] } };
  const inspection = await repeatable.inspectRecords({
    recordsRef,
    depth: checkFirst ? 'records' : recordsRef.sha256 === undefined ? 'opening' : 'bytes',
    onBadRecord,
    maxBytes: batch.maxBytes,
  });
  return { source: { recordsRef, version: inspection.version }, inspection };
}

function sliceOf(input: Input, source: RecordsSource) {
  const { indexName, taskID, referenceIndexName, action, batch, verify, stopAfterFailures, onBadRecord, allowRepeat } =
    input;
  return {
    source,
    target:
      indexName === undefined
        ? { taskID: taskID ?? '' }
        : { indexName, ...(referenceIndexName ? { referenceIndexName } : {}) },
    action,
    batch,
    verify,
    verifyWithinMs: durationMs(input.verifyWithin),
    stopAfterFailures,
    onBadRecord,
    allowRepeat,
  };
}

/** The records of failed batches, where anybody can push them again. */
async function keepFailed(input: Input, source: RecordsSource, { failed }: PushCheckpoint): Promise<FailedRecords> {
  if (failed.length === 0) return {};
  try {
    return await repeatable.keepFailedRecords({ source, failed, maxBytes: input.batch.maxBytes });
  } catch (error) {
    if (isCancellation(error)) throw error;
    // What failed is told all the same, by objectID and line.
    log.error('the failed records could not be kept', { message: failureMessage(error), type: failureType(error) });
    return { notKept: failureMessage(error) };
  }
}

function judge(push: Push, checkpoint: PushCheckpoint, kept: FailedRecords, input: Input): PushRecordsResult {
  push.tell({ ...outcomeOf(checkpoint), ...kept, phase: 'done' });
  const nothing = nothingPushed(push.status, input);
  if (nothing !== undefined) {
    push.tell({ reason: nothing });
    log.warn(nothing, { target: push.status.target });
  }
  const {
    phase: _phase,
    target,
    action: _action,
    maxParallel: _maxParallel,
    unverified: _unverified,
    ...rest
  } = push.status;
  const result = rest as PushRecordsResult;
  const { stopped, firstFailures } = checkpoint;
  findableBy({ Outcome: stopped || result.failed > 0 ? 'partial' : nothing !== undefined ? 'empty' : 'success' });
  const ending = stopped ? `${stopped.message}. ${countOf(result.pushed)} had been pushed before` : '';
  if (result.failed > 0 && input.failWorkflow) {
    const objectIDs = firstFailures.flatMap((failure) => failure.objectIDs).slice(0, MAX_IDS_IN_FAILURE);
    const said = firstFailures[0]?.reason ?? 'no reason given';
    const message = `${countOf(result.failed)} failed to be pushed to ${target}: ${said}. objectIDs: ${objectIDs.join(', ')}`;
    throw fail('PushFailed', ending ? `${message}; ${ending}` : message, { ...result, objectIDs });
  }
  // That so many batches failed is all there is to it, and told in the result.
  const isTold = stopped?.type === 'PushFailed' && !input.failWorkflow && follows('tell of failed batches only');
  if (stopped && !isTold) throw fail(stopped.type, ending, result);
  return result;
}

/** No failure: what feeds it may have had a quiet night. But nobody should take it for a push. */
function nothingPushed({ complete, pushed, failed, badRecords }: PushRecordsStatus, { recordsRef }: Input) {
  if (!complete || pushed !== 0 || failed !== 0) return undefined;
  const bad = badRecords ? `but ${countOf(badRecords).replace('record', 'bad record')}` : 'no record';
  return `there was nothing to push: ${recordsRef ? 'the file of recordsRef' : 'records'} has ${bad}`;
}

const countOf = (records: number) => (records === 1 ? '1 record' : `${records} records`);

const fail = (type: string, message: string, result: PushRecordsResult & { objectIDs?: readonly string[] }) =>
  ApplicationFailure.create({ type, message, nonRetryable: true, details: [result] });

/** A cancelled workflow returns nothing, so the truth goes where it can be seen: Current Details, `status` and the memo. */
function reportCancelled(push: Push): void {
  push.tell({ phase: 'cancelled', reason: 'cancelled; what was pushed stays' });
  const { pushed = 0, verified = 0 } = push.status;
  upsertMemo({ pushed, verified });
  findableBy({ Outcome: 'cancelled' });
}
