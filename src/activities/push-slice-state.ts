import { setMaxListeners } from 'node:events';
import { AlgoliaError } from '../algolia/algolia-error.ts';
import { createChanges } from './changes.ts';
import type { PushCheckpoint } from './push-checkpoint.ts';
import { PushLedger } from './push-ledger.ts';
import type { PushSliceInput } from './push-slice.ts';

/** What is under way at the end of a slice is waited for, since Algolia may have it already. */
const DRAIN_MS = 190_000;
/** The same when this attempt is to fail. */
const FAILED_DRAIN_MS = 30_000;

/** Ends a reading that nobody wants any more. */
export class SliceOver extends Error {
  override readonly name = 'SliceOver';
}

/** What those who read, send, verify and commit in one slice know of each other. */
export class SliceState {
  readonly input: PushSliceInput;
  readonly ledger: PushLedger;
  readonly changes = createChanges();
  /** Batches may yet be read. */
  reading = true;
  /** Batches that are being sent. */
  sending = 0;
  /** Why batches weren't taken, or events not read, lately. */
  trouble: string | undefined;
  /** Until then Algolia asked not to be asked again, on the clock of `Date.now()`. */
  notBefore = 0;
  /** No event can be read any more, now or later. */
  eventsRefused = false;
  /** What was pushed without an answer can't be read to push it again, now or later. */
  sourceLost = false;
  readonly #pushes = new AbortController();
  readonly #reads = new AbortController();
  /** The slice's time begins when reading has come to where there is something to do. */
  #until = Infinity;
  #interrupted = false;
  #drainMs = DRAIN_MS;
  #failure: { readonly error: unknown } | undefined;

  constructor(input: PushSliceInput, from: PushCheckpoint) {
    this.input = input;
    this.ledger = new PushLedger(from, { inOrder: input.action !== 'deleteObject' });
    // Every request under way listens.
    setMaxListeners(0, this.#pushes.signal, this.#reads.signal);
  }

  /** Aborted when pushes have had the time they were given. */
  get pushSignal(): AbortSignal {
    return this.#pushes.signal;
  }

  /** Aborted as soon as the slice is to end: what is read can be read again. */
  get readSignal(): AbortSignal {
    return this.#reads.signal;
  }

  /** Nothing new may be begun in this slice. */
  get isOver(): boolean {
    return this.#interrupted || this.#failure !== undefined || Date.now() >= this.#until;
  }

  /** Everything there was to send is sent, and answered. */
  get allAnswered(): boolean {
    return !this.reading && this.sending === 0;
  }

  /** Nothing is left to do in any slice. */
  get isEnded(): boolean {
    const { stopped, atEnd, unansweredCount, unverifiedCount } = this.ledger;
    if (stopped && (this.eventsRefused || stopped.type === 'AlgoliaAuth')) return true;
    return (stopped !== undefined || atEnd) && unansweredCount === 0 && unverifiedCount === 0;
  }

  get failure(): { readonly error: unknown } | undefined {
    return this.#failure;
  }

  startClock(): void {
    this.#until = Math.min(this.#until, Date.now() + this.input.sliceMs);
  }

  /** The slice is to end; pushes that are under way have this long. */
  interrupt(drainMs: number): void {
    this.#interrupted = true;
    this.#drainMs = Math.min(this.#drainMs, drainMs);
    this.#reads.abort(new SliceOver());
    this.changes.notify();
  }

  /** This attempt is to fail. */
  fail(error: unknown): void {
    if (error instanceof SliceOver) return;
    this.#failure ??= { error };
    this.#drainMs = Math.min(this.#drainMs, FAILED_DRAIN_MS);
    this.#reads.abort(new SliceOver());
    this.changes.notify();
  }

  /** Another attempt has taken over: not one more request. */
  failAtOnce(error: unknown): void {
    this.fail(error);
    this.#pushes.abort(new SliceOver());
  }

  /** What concerns every batch: a key that is refused ends the push; anything else this attempt. */
  stopFor(error: unknown): void {
    if (error instanceof AlgoliaError && (error.type === 'AlgoliaAuth' || error.type === 'AlgoliaInvalid')) {
      this.ledger.stop({ type: error.type, message: error.message });
      this.changes.notify();
    } else this.fail(error);
  }

  /** Algolia says when to come back; the next slice has to know it if this one is over by then. */
  comeBackIn(ms: number): void {
    this.notBefore = Math.max(this.notBefore, Date.now() + ms);
  }

  stopAfterFailures(): void {
    const { failedBatches } = this.ledger;
    if (failedBatches < this.input.stopAfterFailures) return;
    this.ledger.stop({
      type: 'PushFailed',
      message: `stopped after ${failedBatches} failed ${failedBatches === 1 ? 'batch' : 'batches'}`,
    });
    this.changes.notify();
  }

  /** Waits for the answers that are still to come; what doesn't come in time counts as unanswered. */
  async drain(): Promise<void> {
    const startedAt = Date.now();
    await this.changes.until(() => this.sending === 0 || Date.now() - startedAt >= this.#drainMs);
    if (this.sending > 0) this.#pushes.abort(new SliceOver());
    await this.changes.until(() => this.sending === 0);
  }
}
