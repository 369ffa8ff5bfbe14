import { log } from '@temporalio/activity';
import { AlgoliaError } from '../algolia/algolia-error.ts';
import type { OutputOf } from '../operations/index.ts';
import type { ApiKeys } from '../secrets/api-keys.ts';
import type { AwaitedRun, AwaitRunHeartbeat, AwaitRunInput, RunProgress } from './await-run.ts';
import type { Call } from './with-fresh-key.ts';

/** A run may be unknown right after it was created; the API documents no limit. */
const UNKNOWN_RUN_GRACE_MS = 60_000;
/** A finished run should have an outcome; it is read this often, this far apart, before its absence is believed. */
const OUTCOME_READS = 5;
const OUTCOME_READ_EVERY_MS = 1_000;

type Run = OutputOf<'getRun'>;

interface Poll {
  /** Whether the run has come further since it was seen last. */
  readonly isFurther: boolean;
  /** Until the next poll, where it should be another time than usual. */
  readonly pauseMs?: number | undefined;
}

/** A run as its polls show it, those of earlier attempts included. */
export class PolledRun {
  readonly startedAt: number;
  readonly #runID: string;
  readonly #call: Call;
  readonly #keys: ApiKeys;
  #run: Run | undefined;
  #progress: RunProgress | undefined;
  #progressAt: number;
  #polls: number;
  #pollError: string | undefined;
  #keyVersion = '';
  #readsWithoutOutcome = 0;

  constructor(
    { runID, idleMs, seen }: AwaitRunInput,
    { call, keys, before }: { call: Call; keys: ApiKeys; before: AwaitRunHeartbeat | undefined },
  ) {
    const now = Date.now();
    this.#runID = runID;
    this.#call = call;
    this.#keys = keys;
    this.startedAt = before?.startedAt ?? now;
    this.#progressAt = before?.progressAt ?? now - idleMs;
    this.#progress = before?.progress ?? seen;
    this.#polls = before?.polls ?? 0;
  }

  /** As it was when a poll was answered last. */
  get run(): Run | undefined {
    return this.#run;
  }

  get idleMs(): number {
    return Date.now() - this.#progressAt;
  }

  /** Whether it is over, and what it came to is known, or never will be. */
  get hasEnded(): boolean {
    if (!this.#run || !isOver(this.#run)) return false;
    return this.#readsWithoutOutcome === 0 || this.#readsWithoutOutcome >= OUTCOME_READS;
  }

  get heartbeat(): AwaitRunHeartbeat {
    return {
      startedAt: this.startedAt,
      progressAt: this.#progressAt,
      polls: this.#polls,
      ...(this.#progress ? { progress: this.#progress } : {}),
    };
  }

  as(state: AwaitedRun['state']): AwaitedRun {
    return {
      state,
      idleMs: this.idleMs,
      polls: this.#polls,
      keyVersion: this.#keyVersion,
      ...(this.#run ? { run: this.#run } : {}),
      ...(this.#progress ? { progress: this.#progress } : {}),
      ...(this.#pollError ? { pollError: this.#pollError } : {}),
    };
  }

  /** Throws only what no other poll can mend. */
  async poll(): Promise<Poll> {
    this.#polls += 1;
    try {
      this.#keyVersion = (await this.#keys.current()).version;
      return this.#see(await this.#call('getRun', { runID: this.#runID }));
    } catch (error) {
      if (!(error instanceof AlgoliaError) || !passes(error, Date.now() - this.startedAt)) throw error;
      this.#pollError = error.message;
      log.warn('getRun failed; polling goes on', {
        operation: 'getRun',
        resource: `runID=${this.#runID}`,
        attempt: this.#polls,
        message: error.message,
      });
      return { isFurther: false, pauseMs: error.details.retryAfterMs };
    }
  }

  #see(run: Run): Poll {
    const last = this.#progress;
    const progress = progressOf(run);
    const isFurther = progress.status !== last?.status || progress.received !== last.received;
    if (isFurther) this.#progressAt = Date.now();
    this.#readsWithoutOutcome = run.status === 'finished' && !run.outcome ? this.#readsWithoutOutcome + 1 : 0;
    this.#run = run;
    this.#progress = progress;
    this.#pollError = undefined;
    return { isFurther, ...(isOver(run) ? { pauseMs: OUTCOME_READ_EVERY_MS } : {}) };
  }
}

/** Unknown statuses are not over: the deadline is. */
export const isOver = (run: Run) => run.status === 'finished' || run.status === 'skipped';

function progressOf(run: Run): RunProgress {
  return {
    status: run.status,
    received: run.progress?.receivedNbOfEvents ?? 0,
    expected: run.progress?.expectedNbOfEvents ?? 0,
  };
}

const passes = ({ type, details }: AlgoliaError, elapsedMs: number): boolean =>
  type === 'AlgoliaUnavailable' ||
  type === 'AlgoliaRateLimited' ||
  (details.status === 404 && elapsedMs < UNKNOWN_RUN_GRACE_MS);
