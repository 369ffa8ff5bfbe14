import { setTimeout as delay } from 'node:timers/promises';
import { activityInfo, cancellationSignal, Context, log } from '@temporalio/activity';
import { AlgoliaError } from '../algolia/algolia-error.ts';
import type { AlgoliaClient } from '../algolia/client.ts';
import type { OutputOf } from '../operations/index.ts';
import type { ApiKeys } from '../secrets/api-keys.ts';
import { endlessRoom, type Room } from './room.ts';
import { toFailure } from './to-failure.ts';
import { callWith } from './with-fresh-key.ts';

const FIRST_POLL_MS = 1_000;
const MAX_POLL_MS = 30_000;
const POLL_GROWTH = 1.5;
/** Spreads the polls of many syncs that began together. */
const JITTER = 0.2;
const HEARTBEAT_MS = 5_000;
/** A run may be unknown right after it was created; the API documents no limit. */
const UNKNOWN_RUN_GRACE_MS = 60_000;
/** A finished run should have an outcome; it is read this often before its absence is believed. */
const OUTCOME_READS = 5;
/** Where others wait for a place, one is to get free about this often: the more places there are, the longer each is kept. */
const FREE_PLACE_EVERY_MS = 2_000;
const MIN_STAY_MS = 10_000;
/** Each stay costs six events of history, so that of a run that takes long they get longer. */
const STAY_SHARE_OF_RUN = 0.01;

export interface AwaitRunInput {
  readonly runID: string;
  /** How long to wait at most, in ms. */
  readonly waitMs: number;
  /** How long a run may show no progress, in ms. */
  readonly noProgressMs: number;
  /** For how long it has shown none already, in ms. */
  readonly idleMs: number;
  /** What was seen last: progress is a difference to it. */
  readonly seen?: RunProgress;
}

export interface RunProgress {
  readonly status: string;
  readonly received: number;
  readonly expected: number;
}

export interface AwaitedRun {
  /** `ended`: the run is over. `stuck`: no progress for too long. `waiting`: neither, within the time given. */
  readonly state: 'ended' | 'stuck' | 'waiting';
  /** Absent when no poll could be answered. */
  readonly run?: OutputOf<'getRun'>;
  readonly progress?: RunProgress;
  readonly idleMs: number;
  readonly polls: number;
  /** Why the last poll failed, if it did. */
  readonly pollError?: string;
  readonly keyVersion: string;
}

/** What a heartbeat carries: read by `status` displays, and by the next attempt after a crash. */
export interface AwaitRunHeartbeat {
  readonly startedAt: number;
  readonly progressAt: number;
  readonly polls: number;
  readonly progress?: RunProgress;
}

/**
 * Polls one run until it ends, stalls or the time given is over. One long activity instead of many short ones:
 * a poll costs no history. On a worker without a free place it gives up its own after a while, and comes back for another.
 * A poll that fails is no failed run, so it goes on; only an error that no poll can mend ends it.
 */
export function createAwaitRun(client: AlgoliaClient, keys: ApiKeys, room: Room = endlessRoom) {
  return async function awaitRun(input: AwaitRunInput): Promise<AwaitedRun> {
    const resumed = activityInfo().heartbeatDetails as AwaitRunHeartbeat | undefined;
    const now = Date.now();
    const spread = 1 + JITTER * (2 * Math.random() - 1);
    const startedAt = resumed?.startedAt ?? now;
    let progressAt = resumed?.progressAt ?? now - input.idleMs;
    let progress = resumed?.progress ?? input.seen;
    let polls = resumed?.polls ?? 0;
    let run: AwaitedRun['run'];
    let pollError: string | undefined;
    let pollMs = FIRST_POLL_MS;
    let endedWithoutOutcome = 0;
    let keyVersion = '';

    const heartbeat = () =>
      Context.current().heartbeat({
        startedAt,
        progressAt,
        polls,
        ...(progress ? { progress } : {}),
      } satisfies AwaitRunHeartbeat);
    const result = (state: AwaitedRun['state']): AwaitedRun => ({
      state,
      idleMs: Date.now() - progressAt,
      polls,
      keyVersion,
      ...(run ? { run } : {}),
      ...(progress ? { progress } : {}),
      ...(pollError ? { pollError } : {}),
    });
    const signal = cancellationSignal();
    const call = callWith(client, keys, signal);
    const timer = setInterval(heartbeat, HEARTBEAT_MS);
    try {
      for (;;) {
        let pauseMs: number | undefined;
        try {
          polls += 1;
          keyVersion = (await keys.current()).version;
          run = await call('getRun', { runID: input.runID });
          pollError = undefined;
          const current = progressOf(run);
          if (!progress || current.status !== progress.status || current.received !== progress.received) {
            progressAt = Date.now();
            pollMs = Math.min(pollMs, MAX_POLL_MS / 2);
          }
          progress = current;
          heartbeat();
          if (isOver(run)) {
            if (run.status !== 'finished' || run.outcome || (endedWithoutOutcome += 1) >= OUTCOME_READS)
              return result('ended');
            pauseMs = FIRST_POLL_MS;
          }
        } catch (error) {
          pollError = whyPollFailed(error, Date.now() - startedAt);
          log.warn('getRun failed; polling goes on', {
            operation: 'getRun',
            resource: `runID=${input.runID}`,
            attempt: polls,
            message: pollError,
          });
          pauseMs = (error as AlgoliaError).details.retryAfterMs;
        }
        const leftMs = startedAt + input.waitMs - Date.now();
        const stayMs = room.isFull() ? now + stayOf(room, run) * spread - Date.now() : Infinity;
        const patienceMs = progressAt + input.noProgressMs - Date.now();
        if (patienceMs <= 0) return result('stuck');
        if (Math.min(leftMs, stayMs) <= 0) return result('waiting');
        const jittered = pollMs * (1 + JITTER * (2 * Math.random() - 1));
        await delay(Math.min(pauseMs ?? jittered, leftMs, patienceMs, stayMs), undefined, { signal });
        pollMs = Math.min(pollMs * POLL_GROWTH, MAX_POLL_MS);
      }
    } catch (error) {
      throw toFailure(signal.aborted ? signal.reason : error);
    } finally {
      clearInterval(timer);
    }
  };
}

/** How long a wait keeps its place on a worker that has no other. */
export function stayOf({ slots }: Pick<Room, 'slots'>, run: Pick<OutputOf<'getRun'>, 'createdAt'> | undefined): number {
  const ageMs = Date.now() - Date.parse(run?.createdAt ?? '') || 0;
  return Math.max(MIN_STAY_MS, slots * FREE_PLACE_EVERY_MS, ageMs * STAY_SHARE_OF_RUN);
}

/** Unknown statuses are not over: the deadline is. */
export const isOver = (run: OutputOf<'getRun'>) => run.status === 'finished' || run.status === 'skipped';

function progressOf(run: OutputOf<'getRun'>): RunProgress {
  return {
    status: run.status,
    received: run.progress?.receivedNbOfEvents ?? 0,
    expected: run.progress?.expectedNbOfEvents ?? 0,
  };
}

function whyPollFailed(error: unknown, elapsedMs: number): string {
  if (!(error instanceof AlgoliaError)) throw error;
  const passing =
    error.type === 'AlgoliaUnavailable' ||
    error.type === 'AlgoliaRateLimited' ||
    (error.details.status === 404 && elapsedMs < UNKNOWN_RUN_GRACE_MS);
  if (!passing) throw error;
  return error.message;
}
