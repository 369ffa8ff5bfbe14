import { setMaxListeners } from 'node:events';
import { activityInfo, cancellationSignal, log } from '@temporalio/activity';
import { AlgoliaError } from '../algolia/algolia-error.ts';
import type { AlgoliaClient } from '../algolia/client.ts';
import type { PushAction } from '../operations/push.ts';
import { BatchMemory, batchRecords, firstPosition, type RecordBatch } from '../records/batch-records.ts';
import type { CheckedRecord } from '../records/check-record.ts';
import { IdHashes } from '../records/id-set.ts';
import { START, type Item } from '../records/item.ts';
import type { RecordsAccess } from '../records/open-records.ts';
import { RecordsError } from '../records/records-error.ts';
import type { ApiKeys } from '../secrets/api-keys.ts';
import { createChanges } from './changes.ts';
import { ALLOW_REPEAT, hasOperation } from './inputs/push-records.ts';
import { ENVELOPE_BYTES, pushBatch, pushFrame, type PushTarget } from './push-batch.ts';
import { FRESH_CHECKPOINT, type PushCheckpoint } from './push-checkpoint.ts';
import { createCommitter } from './push-commit.ts';
import { createEventReader } from './push-events.ts';
import { PushLedger } from './push-ledger.ts';
import { createPace } from './push-pace.ts';
import { nameOf, openSource, type RecordsSource } from './push-source.ts';
import { toFailure } from './to-failure.ts';

const FIRST_BACKOFF_MS = 500;
const MAX_BACKOFF_MS = 30_000;
/** While more is being sent, nobody waits for events. */
const FIRST_POLL_MS = 200;
/** When nothing is left but to wait. */
const FIRST_LAST_POLL_MS = 50;
const MAX_POLL_MS = 5_000;
/** What is under way at the end of a slice is waited for, since Algolia may have it already. */
const DRAIN_MS = 190_000;
/** The same when somebody asked for the end. */
const INTERRUPTED_DRAIN_MS = 8_000;

export interface PushSliceInput {
  readonly source: RecordsSource;
  readonly target: PushTarget;
  readonly action: PushAction;
  readonly batch: { readonly maxRecords: number; readonly maxBytes: number };
  readonly maxParallel: number;
  readonly verify: 'everyEvent' | 'none';
  readonly verifyWithinMs: number;
  readonly stopAfterFailures: number;
  readonly onBadRecord: 'fail' | 'skip';
  readonly allowRepeat: boolean;
  /** How long this call may push. */
  readonly sliceMs: number;
  /** Where to go on; absent: from the beginning. */
  readonly checkpoint?: PushCheckpoint;
}

export interface PushSlice {
  /** Nothing is left to do: everything is pushed and verified, or pushing has stopped and what was pushed is verified. */
  readonly ended: boolean;
  readonly checkpoint: PushCheckpoint;
  /** Why batches weren't taken lately. */
  readonly trouble?: string;
}

/**
 * Pushes for a while: several batches at a time, their events read meanwhile, and says how far it came.
 * A worker that dies leaves its last commit; the next attempt goes on from there.
 */
export function createPushSlice(client: AlgoliaClient, keys: ApiKeys, access: RecordsAccess) {
  return async function pushSlice(input: PushSliceInput): Promise<PushSlice> {
    const resumed = activityInfo().heartbeatDetails as PushCheckpoint | undefined;
    const slice = new Slice(client, keys, access, input, resumed ?? input.checkpoint ?? FRESH_CHECKPOINT);
    try {
      return await slice.run();
    } catch (error) {
      throw toFailure(error);
    }
  };
}

class Slice {
  readonly #client: AlgoliaClient;
  readonly #keys: ApiKeys;
  readonly #access: RecordsAccess;
  readonly #input: PushSliceInput;
  readonly #ledger: PushLedger;
  readonly #changes = createChanges();
  readonly #pace: ReturnType<typeof createPace>;
  readonly #committer: ReturnType<typeof createCommitter>;
  readonly #abort = new AbortController();
  readonly #memory = new BatchMemory();
  /** The slice's time begins when reading has come to where there is something to do. */
  #until = Infinity;
  #interrupted = false;
  #trouble: string | undefined;
  #failure: { readonly error: unknown } | undefined;
  #reading = true;
  /** No event can be read any more, now or later. */
  #eventsRefused = false;
  /** Nothing can be read from where the records are, now or later. */
  #sourceLost = false;
  #sending = 0;

  constructor(
    client: AlgoliaClient,
    keys: ApiKeys,
    access: RecordsAccess,
    input: PushSliceInput,
    from: PushCheckpoint,
  ) {
    this.#client = client;
    this.#keys = keys;
    this.#access = access;
    this.#input = input;
    // Every request under way listens.
    setMaxListeners(0, this.#abort.signal);
    this.#ledger = new PushLedger(from, { inOrder: input.action !== 'deleteObject' });
    this.#pace = createPace(input.maxParallel);
    this.#committer = createCommitter({
      maxParallel: input.maxParallel,
      changes: this.#changes,
      snapshot: () => this.#ledger.snapshot(),
      onCancelRequested: () => this.#interrupt(),
    });
  }

  async run(): Promise<PushSlice> {
    const cancelled = cancellationSignal();
    const interrupt = () => this.#interrupt();
    cancelled.addEventListener('abort', interrupt, { once: true });
    if (cancelled.aborted) interrupt();
    const committing = this.#committer.run().catch((error: unknown) => {
      // Another attempt has taken over: not one more request.
      this.#fail(error);
      this.#abort.abort(error);
    });
    try {
      await Promise.all([this.#readAndSend(), this.#verify()]);
      await this.#drain();
      if (this.#sourceLost) this.#ledger.giveUpUnanswered();
    } finally {
      cancelled.removeEventListener('abort', interrupt);
      this.#committer.stop();
      await committing;
    }
    if (this.#failure) throw this.#failure.error;
    return {
      ended: this.#isEnded,
      checkpoint: this.#ledger.snapshot(),
      ...(this.#trouble === undefined ? {} : { trouble: this.#trouble }),
    };
  }

  /** Nothing new may be begun in this slice. */
  get #isOver(): boolean {
    return this.#interrupted || this.#failure !== undefined || Date.now() >= this.#until;
  }

  /** Everything there was to send is sent, and answered. */
  get #allAnswered(): boolean {
    return !this.#reading && this.#sending === 0;
  }

  get #isEnded(): boolean {
    const { stopped, atEnd, unverifiedCount } = this.#ledger;
    const unanswered = this.#ledger.snapshot().unanswered.length;
    if (stopped && (this.#eventsRefused || stopped.type === 'AlgoliaAuth')) return true;
    return (stopped !== undefined || atEnd) && unanswered === 0 && unverifiedCount === 0;
  }

  #startClock(): void {
    this.#until = Math.min(this.#until, Date.now() + this.#input.sliceMs);
  }

  #interrupt(): void {
    this.#interrupted = true;
    this.#changes.notify();
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#changes.notify();
  }

  async #readAndSend(): Promise<void> {
    try {
      if (this.#input.action === 'clear' || this.#input.action === 'delete') await this.#sendEmptyBatch();
      else await this.#sendBatches();
    } catch (error) {
      if (error instanceof RecordsError && error.type !== 'RecordsUnavailable') {
        this.#ledger.stop({ type: error.type, message: error.message });
        this.#sourceLost = true;
      } else if (!(error instanceof SliceOver)) this.#fail(error);
    } finally {
      this.#reading = false;
      this.#startClock();
      this.#changes.notify();
    }
  }

  async #sendBatches(): Promise<void> {
    const { source, batch, onBadRecord, action, allowRepeat } = this.#input;
    const { unanswered, unverified, next, atEnd, stopped } = this.#ledger.snapshot();
    const ranges = [...unanswered, ...unverified].toSorted((a, b) => a.from.items - b.from.items);
    const wanted = { ranges, ...(atEnd || stopped ? {} : { from: next }) };
    const from = firstPosition(wanted);
    if (!from) return;
    const maxBytes = batch.maxBytes - ENVELOPE_BYTES;
    const opened = await openSource(source, this.#access, { from, maxBytes, signal: this.#abort.signal });
    try {
      const batches = batchRecords(this.#untilOver(opened.items), from, {
        ...wanted,
        frame: pushFrame(action),
        memory: this.#memory,
        maxRecords: batch.maxRecords,
        maxBytes,
        onBadRecord,
        shown: nameOf(source),
        ...(action.startsWith('partialUpdate') && !allowRepeat ? { admit: admitRepeatable } : {}),
      });
      for await (const read of batches) {
        if (read.asked && this.#ledger.recall(read) === 'done') this.#memory.giveBack(read);
        else if (read.records === 0) this.#ledger.passOver(read);
        else if (!(await this.#send(read))) return;
      }
      if (wanted.from) this.#ledger.end();
    } finally {
      await opened.close();
    }
  }

  async *#untilOver(items: AsyncIterable<readonly Item[]>): AsyncGenerator<readonly Item[]> {
    for await (const some of items) {
      if (this.#isOver) throw new SliceOver();
      yield some;
    }
  }

  /** `clear` and `delete` act on the index, once. */
  async #sendEmptyBatch(): Promise<void> {
    if (this.#ledger.atEnd || this.#ledger.stopped) return;
    const asked = this.#ledger.snapshot().unanswered.length > 0;
    const { open, close } = pushFrame(this.#input.action);
    const batch: RecordBatch = {
      range: { from: START, items: 0 },
      to: START,
      number: 0,
      records: 0,
      objectIDs: [],
      idHashes: new IdHashes(),
      json: Buffer.from(open + close),
      bad: { count: 0, first: [] },
      asked,
    };
    if (await this.#send(batch)) this.#ledger.end();
  }

  /** Begins to send a batch as soon as there is room for it. False: there is to be no more. */
  async #send(batch: RecordBatch): Promise<boolean> {
    const { verify } = this.#input;
    this.#startClock();
    const mayNot = () => this.#isOver || (this.#ledger.stopped !== undefined && !batch.asked);
    await this.#changes.until(
      () =>
        mayNot() ||
        (this.#sending < this.#pace.limit &&
          Date.now() >= this.#pace.notBefore &&
          this.#committer.hasRoom &&
          (batch.asked || this.#ledger.hasRoom) &&
          !this.#ledger.overlaps(batch)),
    );
    if (mayNot()) return false;
    this.#ledger.sending(batch);
    this.#committer.sent();
    this.#sending += 1;
    void this.#deliver(batch, verify === 'everyEvent')
      .catch((error: unknown) => this.#stopFor(error))
      .finally(() => {
        this.#sending -= 1;
        this.#changes.notify();
      });
    return true;
  }

  /** Sends a batch until it is taken or refused, or this slice is over. */
  async #deliver(batch: RecordBatch, verify: boolean): Promise<void> {
    for (let backoffMs = FIRST_BACKOFF_MS; ; backoffMs = Math.min(backoffMs * 2, MAX_BACKOFF_MS)) {
      const attempt = await pushBatch(this.#client, this.#keys, this.#input.target, batch.json, this.#abort.signal);
      switch (attempt.outcome) {
        case 'accepted':
          this.#trouble = undefined;
          this.#pace.succeeded();
          this.#ledger.accepted(batch, attempt.answer, verify);
          // Who took a batch has read all of it; a socket may still be at one that was refused.
          this.#memory.giveBack(batch);
          return;
        case 'refused':
          this.#ledger.refused(batch, attempt.reason);
          return this.#stopAfterFailures();
        case 'later':
          this.#trouble = attempt.reason;
          log.warn('a batch was not taken; it is pushed again', { from: batch.number, reason: attempt.reason });
          this.#pace.slowDown(attempt.retryAfterMs ?? backoffMs);
          await this.#changes.until(() => this.#isOver || Date.now() >= this.#pace.notBefore, FIRST_BACKOFF_MS);
          if (this.#isOver) return;
          if (attempt.sent) this.#ledger.repeating();
      }
    }
  }

  async #verify(): Promise<void> {
    const events = createEventReader(this.#client, this.#keys);
    let firstMs = FIRST_POLL_MS;
    let pauseMs = firstMs;
    const isDone = () => this.#isOver || (this.#allAnswered && this.#ledger.unverifiedCount === 0);
    const isNowLast = () => this.#allAnswered && firstMs !== FIRST_LAST_POLL_MS;
    for (;;) {
      await this.#changes.until(() => isDone() || this.#ledger.unverifiedCount > 0);
      if (isDone()) return;
      const pollAt = Date.now() + pauseMs;
      await this.#changes.until(() => this.#isOver || isNowLast() || Date.now() >= pollAt, pauseMs);
      if (isDone()) return;
      if (isNowLast()) firstMs = pauseMs = FIRST_LAST_POLL_MS;
      try {
        const settled = await this.#readEvents(events);
        pauseMs = settled > 0 ? firstMs : Math.min(pauseMs * 1.5, MAX_POLL_MS);
      } catch (error) {
        if (!isPassing(error)) {
          this.#eventsRefused = true;
          return this.#stopFor(error);
        }
        this.#trouble = error.message;
        pauseMs = error.details.retryAfterMs ?? MAX_POLL_MS;
      }
    }
  }

  /** Returns how many batches were settled. */
  async #readEvents(events: ReturnType<typeof createEventReader>): Promise<number> {
    const asked = this.#ledger.unverified(!this.#reading);
    const outcomes = await events.read(asked, this.#abort.signal);
    const { verifyWithinMs } = this.#input;
    let settled = 0;
    for (const batch of asked) {
      const outcome = outcomes.get(batch.eventID);
      if (outcome) this.#ledger.settled(batch, outcome.outcome === 'failed' ? outcome : undefined);
      else if (Date.now() - batch.since > verifyWithinMs)
        this.#ledger.settled(batch, {
          reason: `its event said nothing within ${Math.round(verifyWithinMs / 1000)} s`,
          objectIDs: [],
        });
      else continue;
      settled += 1;
    }
    if (settled > 0) this.#stopAfterFailures();
    this.#changes.notify();
    return settled;
  }

  #stopAfterFailures(): void {
    const { failedBatches } = this.#ledger;
    if (failedBatches < this.#input.stopAfterFailures) return;
    this.#ledger.stop({ type: 'PushFailed', message: `stopped after ${failedBatches} failed batches` });
    this.#changes.notify();
  }

  /** What concerns every batch: a key that is refused ends the push; anything else this attempt. */
  #stopFor(error: unknown): void {
    if (this.#abort.signal.aborted) return;
    if (error instanceof AlgoliaError && (error.type === 'AlgoliaAuth' || error.type === 'AlgoliaInvalid')) {
      this.#ledger.stop({ type: error.type, message: error.message });
      this.#changes.notify();
    } else this.#fail(error);
  }

  /** Waits for the answers that are still to come; what doesn't come in time counts as unanswered. */
  async #drain(): Promise<void> {
    const startedAt = Date.now();
    const limitMs = () => (this.#interrupted || this.#failure ? INTERRUPTED_DRAIN_MS : DRAIN_MS);
    await this.#changes.until(() => this.#sending === 0 || Date.now() - startedAt >= limitMs());
    if (this.#sending === 0) return;
    this.#abort.abort(new SliceOver());
    await this.#changes.until(() => this.#sending === 0);
  }
}

/** Ends a reading that nobody wants any more. */
class SliceOver extends Error {
  override readonly name = 'SliceOver';
}

function admitRepeatable({ objectID, members }: CheckedRecord, number: number): void {
  if (!hasOperation(members)) return;
  throw new RecordsError(
    'RecordsInvalid',
    `line ${number} (objectID ${objectID}): a built-in operation (_operation) is not safe to repeat, as a push whose answer is lost has to be: ${ALLOW_REPEAT}`,
  );
}

function isPassing(error: unknown): error is AlgoliaError {
  return error instanceof AlgoliaError && (error.type === 'AlgoliaUnavailable' || error.type === 'AlgoliaRateLimited');
}
