import { log } from '@temporalio/activity';
import type { AlgoliaClient } from '../algolia/client.ts';
import { BatchMemory, batchRecords, firstPosition, type RecordBatch } from '../records/batch-records.ts';
import type { CheckedRecord } from '../records/check-record.ts';
import { IdHashes } from '../records/id-set.ts';
import { START, type Item } from '../records/item.ts';
import type { RecordsAccess } from '../records/open-records.ts';
import { BadRecord, RecordsError } from '../records/records-error.ts';
import type { ApiKeys } from '../secrets/api-keys.ts';
import { ALLOW_REPEAT, hasOperation } from './inputs/push-records.ts';
import { countPushed } from './count-pushed.ts';
import { ENVELOPE_BYTES, pushBatch, pushFrame } from './push-batch.ts';
import type { Committer } from './push-commit.ts';
import { createPushPace, type PushPace } from './push-pace.ts';
import { SliceOver, type SliceState } from './push-slice-state.ts';
import { nameOf, openSource } from './push-source.ts';

const FIRST_BACKOFF_MS = 500;
const MAX_BACKOFF_MS = 30_000;

export interface SenderOptions {
  readonly client: AlgoliaClient;
  readonly keys: ApiKeys;
  readonly access: RecordsAccess;
  readonly committer: Committer;
}

/** Reads batches and sends them: several at a time, none that overlaps another, and none too far beyond the last commit. */
export class BatchSender {
  readonly #slice: SliceState;
  readonly #options: SenderOptions;
  readonly #pace: PushPace;
  readonly #memory = new BatchMemory();

  constructor(slice: SliceState, options: SenderOptions) {
    this.#slice = slice;
    this.#options = options;
    this.#pace = createPushPace(slice.input.maxParallel);
  }

  /** Until all is sent, though not all answered, or the slice is over. Never rejects. */
  async run(): Promise<void> {
    const { input, ledger, changes } = this.#slice;
    try {
      if (input.action === 'clear' || input.action === 'delete') await this.#sendEmptyBatch();
      else await this.#sendBatches();
    } catch (error) {
      if (error instanceof RecordsError && error.type !== 'RecordsUnavailable') {
        // Stopped before, it read only what has to be pushed again.
        this.#slice.sourceLost = ledger.stopped !== undefined;
        ledger.stop({ type: error.type, message: error.message });
        if (error instanceof BadRecord) ledger.addBad({ count: 1, first: [error] });
      } else this.#slice.fail(error);
    } finally {
      this.#slice.reading = false;
      this.#slice.startClock();
      changes.notify();
    }
  }

  async #sendBatches(): Promise<void> {
    const { ledger, readSignal, input } = this.#slice;
    const { source, batch, onBadRecord, action, allowRepeat } = input;
    const { unanswered, unverified, next, atEnd, stopped } = ledger.snapshot();
    const ranges = [...unanswered, ...unverified].toSorted((a, b) => a.from.items - b.from.items);
    const wanted = { ranges, ...(atEnd || stopped ? {} : { from: next }) };
    const from = firstPosition(wanted);
    if (!from) return;
    const maxBytes = batch.maxBytes - ENVELOPE_BYTES;
    const opened = await openSource(source, this.#options.access, { from, maxBytes, signal: readSignal });
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
        if (read.asked && ledger.recall(read) === 'done') this.#memory.giveBack(read);
        else if (read.records === 0) ledger.passOver(read);
        else if (!(await this.#send(read))) return;
      }
      if (wanted.from) ledger.end();
    } finally {
      await opened.close();
    }
  }

  async *#untilOver(items: AsyncIterable<readonly Item[]>): AsyncGenerator<readonly Item[]> {
    for await (const some of items) {
      if (this.#slice.isOver) throw new SliceOver();
      yield some;
    }
  }

  /** `clear` and `delete` act on the index, once. */
  async #sendEmptyBatch(): Promise<void> {
    const { ledger, input } = this.#slice;
    if (ledger.atEnd || ledger.stopped) return;
    const { open, close } = pushFrame(input.action);
    const batch: RecordBatch = {
      range: { from: START, items: 0 },
      to: START,
      number: 0,
      records: 0,
      objectIDs: [],
      idHashes: new IdHashes(),
      json: Buffer.from(open + close),
      bad: { count: 0, first: [] },
      asked: ledger.unansweredCount > 0,
    };
    if (await this.#send(batch)) ledger.end();
  }

  /** Begins to send a batch as soon as there is room for it. False: there is to be no more. */
  async #send(batch: RecordBatch): Promise<boolean> {
    const slice = this.#slice;
    const { ledger, changes } = slice;
    const { committer } = this.#options;
    slice.startClock();
    const mayNot = () => slice.isOver || (ledger.stopped !== undefined && !batch.asked);
    await changes.until(
      () =>
        mayNot() ||
        (slice.sending < this.#pace.limit &&
          Date.now() >= this.#pace.notBefore &&
          committer.hasRoom &&
          (batch.asked || ledger.hasRoom) &&
          !ledger.overlaps(batch)),
    );
    if (mayNot()) return false;
    ledger.sending(batch);
    committer.sent();
    slice.sending += 1;
    void this.#deliver(batch)
      .catch((error: unknown) => slice.stopFor(error))
      .finally(() => {
        slice.sending -= 1;
        changes.notify();
      });
    return true;
  }

  /** Sends a batch until it is taken or refused, or this slice is over. */
  async #deliver(batch: RecordBatch): Promise<void> {
    const slice = this.#slice;
    const { client, keys } = this.#options;
    const { target, verify } = slice.input;
    for (let backoffMs = FIRST_BACKOFF_MS; ; backoffMs = Math.min(backoffMs * 2, MAX_BACKOFF_MS)) {
      const attempt = await pushBatch(client, keys, target, batch.json, slice.pushSignal);
      switch (attempt.outcome) {
        case 'accepted':
          slice.trouble = undefined;
          this.#pace.succeeded();
          slice.ledger.accepted(batch, attempt.answer, verify === 'everyEvent');
          countPushed('accepted', batch.records);
          // Who took a batch has read all of it; a socket may still be at one that was refused.
          this.#memory.giveBack(batch);
          return;
        case 'refused':
          slice.ledger.refused(batch, attempt.reason);
          countPushed('refused', batch.records);
          return slice.stopAfterFailures();
        case 'later':
          slice.trouble = attempt.reason;
          log.warn('a batch was not taken; it is pushed again', { from: batch.number, reason: attempt.reason });
          if (attempt.retryAfterMs !== undefined) slice.comeBackIn(attempt.retryAfterMs);
          this.#pace.slowDown(attempt.retryAfterMs ?? backoffMs);
          await slice.changes.until(() => slice.isOver || Date.now() >= this.#pace.notBefore, FIRST_BACKOFF_MS);
          if (attempt.sent) {
            if (slice.isOver) return;
            slice.ledger.repeating();
          } else if (slice.isOver) return slice.ledger.notTaken(batch);
      }
    }
  }
}

function admitRepeatable({ objectID, members }: CheckedRecord, number: number): void {
  if (!hasOperation(members)) return;
  throw new RecordsError(
    'RecordsInvalid',
    `line ${number} (objectID ${objectID}): a built-in operation (_operation) is not safe to repeat, as a push whose answer is lost has to be: ${ALLOW_REPEAT}`,
  );
}
