import { setTimeout as delay } from 'node:timers/promises';
import { activityInfo, cancellationSignal, Context } from '@temporalio/activity';
import type { AlgoliaClient } from '../algolia/client.ts';
import type { OutputOf } from '../operations/index.ts';
import type { ApiKeys } from '../secrets/api-keys.ts';
import { PolledRun } from './polled-run.ts';
import { endlessRoom, type Room } from './room.ts';
import { toFailure } from './to-failure.ts';
import { callWith } from './with-fresh-key.ts';

const FIRST_POLL_MS = 1_000;
const MAX_POLL_MS = 30_000;
const POLL_GROWTH = 1.5;
/** Spreads the polls of many syncs that began together. */
const JITTER = 0.2;
const HEARTBEAT_MS = 5_000;
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
    const signal = cancellationSignal();
    const before = activityInfo().heartbeatDetails as AwaitRunHeartbeat | undefined;
    const polled = new PolledRun(input, { call: callWith(client, keys, signal), keys, before });
    const cameAt = Date.now();
    const stayJitter = jitter();
    const heartbeat = () => Context.current().heartbeat(polled.heartbeat);
    const timer = setInterval(heartbeat, HEARTBEAT_MS);
    try {
      for (let pollMs = FIRST_POLL_MS; ; pollMs = Math.min(pollMs * POLL_GROWTH, MAX_POLL_MS)) {
        const { isFurther, pauseMs } = await polled.poll();
        heartbeat();
        if (polled.hasEnded) return polled.as('ended');
        if (isFurther) pollMs = Math.min(pollMs, MAX_POLL_MS / 2);
        const leftMs = polled.startedAt + input.waitMs - Date.now();
        const stayMs = room.isFull() ? cameAt + stayOf(room, polled.run) * stayJitter - Date.now() : Infinity;
        const patienceMs = input.noProgressMs - polled.idleMs;
        if (patienceMs <= 0) return polled.as('stuck');
        if (Math.min(leftMs, stayMs) <= 0) return polled.as('waiting');
        await delay(Math.min(pauseMs ?? pollMs * jitter(), leftMs, patienceMs, stayMs), undefined, { signal });
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

const jitter = () => 1 + JITTER * (2 * Math.random() - 1);
