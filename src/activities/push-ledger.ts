import type { OutputOf } from '../operations/index.ts';
import { MAX_IDS_TOLD, type BadItems, type RecordBatch } from '../records/batch-records.ts';
import { IdSet, type IdHashes } from '../records/id-set.ts';
import {
  MAX_TOLD,
  type AcceptedBatch,
  type BadRecord,
  type BatchRange,
  type PushCheckpoint,
  type PushFailure,
  type PushStop,
  type PushTally,
  type UnansweredBatch,
} from './push-checkpoint.ts';

/** Each has a place in every checkpoint. */
const MAX_UNVERIFIED_BATCHES = 128;
/** Each has 16 bytes in memory. */
const MAX_UNVERIFIED_RECORDS = 500_000;

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** A range, with what has to be remembered of its batch while it is under way. */
interface Held<R extends BatchRange = BatchRange> {
  readonly range: R;
  /** Number of its first record; unknown until a resumed push has read it again. */
  readonly number?: number;
  readonly objectIDs?: readonly string[];
  readonly idHashes?: IdHashes;
}

/** What became of each batch so far: a checkpoint that is being written. */
export class PushLedger {
  #next: PushCheckpoint['next'];
  #atEnd: boolean;
  readonly #unanswered = new Map<number, Held<UnansweredBatch>>();
  readonly #unverified = new Map<number, Held<AcceptedBatch>>();
  readonly #failed: BatchRange[];
  readonly #tally: Writable<PushTally>;
  readonly #firstFailures: PushFailure[];
  readonly #firstBadRecords: BadRecord[];
  #stopped: PushStop | undefined;
  #unverifiedRecords: number;
  readonly #inOrder: boolean;
  /** Of the objectIDs of all batches under way. No two of these share one where order matters. */
  readonly #underWay = new IdSet();

  /** `inOrder`: of records with one objectID the later must not overtake the earlier. */
  constructor(checkpoint: PushCheckpoint, { inOrder }: { inOrder: boolean }) {
    this.#inOrder = inOrder;
    this.#next = checkpoint.next;
    this.#atEnd = checkpoint.atEnd;
    for (const range of checkpoint.unanswered) this.#unanswered.set(range.from.items, { range });
    for (const range of checkpoint.unverified) this.#unverified.set(range.from.items, { range });
    this.#unverifiedRecords = checkpoint.unverified.reduce((sum, { records }) => sum + records, 0);
    this.#failed = [...checkpoint.failed];
    this.#tally = { ...checkpoint.tally };
    this.#firstFailures = [...checkpoint.firstFailures];
    this.#firstBadRecords = [...checkpoint.firstBadRecords];
    this.#stopped = checkpoint.stopped;
  }

  snapshot(): PushCheckpoint {
    return {
      next: this.#next,
      atEnd: this.#atEnd,
      unanswered: [...this.#unanswered.values()].map(({ range }) => range),
      unverified: [...this.#unverified.values()].map(({ range }) => range),
      failed: [...this.#failed],
      tally: { ...this.#tally },
      firstFailures: [...this.#firstFailures],
      firstBadRecords: [...this.#firstBadRecords],
      ...(this.#stopped ? { stopped: this.#stopped } : {}),
    };
  }

  get atEnd(): boolean {
    return this.#atEnd;
  }

  get stopped(): PushStop | undefined {
    return this.#stopped;
  }

  get unansweredCount(): number {
    return this.#unanswered.size;
  }

  get unverifiedCount(): number {
    return this.#unverified.size;
  }

  /** Whether there is room for one more batch whose event is to be read. */
  get hasRoom(): boolean {
    return (
      this.#unverified.size < MAX_UNVERIFIED_BATCHES &&
      (this.#unverified.size === 0 || this.#unverifiedRecords < MAX_UNVERIFIED_RECORDS)
    );
  }

  get failedBatches(): number {
    return this.#tally.failedBatches;
  }

  /** The batches whose events may be asked for. One that hasn't been read again yet can't be told by its objectIDs. */
  unverified(all: boolean): AcceptedBatch[] {
    return [...this.#unverified.values()].filter((held) => all || held.objectIDs).map(({ range }) => range);
  }

  /** Whether this batch has to wait for another that holds a record of the same objectID. */
  overlaps({ idHashes }: RecordBatch): boolean {
    return this.#inOrder && idHashes.some((high, low) => this.#underWay.has(high, low));
  }

  /** Nothing more is pushed, for the first reason given. */
  stop(stop: PushStop): void {
    this.#stopped ??= stop;
  }

  end(): void {
    this.#atEnd = true;
  }

  /** A batch of an earlier slice or attempt, read again. Says whether it has to be pushed again. */
  recall(batch: RecordBatch): 'push' | 'done' {
    const accepted = this.#unverified.get(batch.range.from.items);
    if (!accepted) return 'push';
    this.#hold(this.#unverified, batch, accepted.range);
    this.#track(batch.idHashes);
    return 'done';
  }

  passOver({ to, bad }: RecordBatch): void {
    this.#next = to;
    this.addBad(bad);
  }

  sending(batch: RecordBatch): void {
    if (!batch.asked) this.passOver(batch);
    else if (!this.#unanswered.get(batch.range.from.items)?.range.notTaken) this.#tally.repeated += 1;
    this.#hold(this.#unanswered, batch, batch.range);
    this.#track(batch.idHashes);
  }

  repeating(): void {
    this.#tally.repeated += 1;
  }

  /** It was refused for now, and is pushed by a later slice. */
  notTaken(batch: RecordBatch): void {
    this.#hold(this.#unanswered, batch, { ...batch.range, notTaken: true });
  }

  /** Algolia took it. With `verify` it is under way until its event says more. */
  accepted(batch: RecordBatch, answer: OutputOf<'push'>, verify: boolean): void {
    const { range, records, idHashes, json } = batch;
    const { runID, eventID, createdAt } = answer;
    this.#unanswered.delete(range.from.items);
    this.#tally.pushed += records;
    this.#tally.batches += 1;
    this.#tally.bytes += json.length;
    if (verify && eventID) {
      const since = Date.now();
      this.#unverifiedRecords += records;
      const acceptedAt = Date.parse(createdAt ?? '') || since;
      this.#hold(this.#unverified, batch, { ...range, records, runID, eventID, acceptedAt, since });
      return;
    }
    this.#release(idHashes);
    if (verify) this.#fail(batch, records, { reason: 'the answer named no event that could be read', runID });
  }

  refused(batch: RecordBatch, reason: string): void {
    this.#unanswered.delete(batch.range.from.items);
    this.#release(batch.idHashes);
    this.#fail(batch, batch.records, { reason });
  }

  /** What can't be pushed again, because it can't be read again. */
  giveUpUnanswered(): void {
    for (const held of this.#unanswered.values()) {
      if (held.idHashes) this.#release(held.idHashes);
      this.#fail(held, held.range.items, {
        reason: 'nobody knows whether it was taken, and it cannot be read to push it again',
      });
    }
    this.#unanswered.clear();
  }

  /** Its event says that all of it is in, or that not all of it is. */
  settled(batch: AcceptedBatch, failure?: { reason: string; objectIDs: readonly string[] }): void {
    const held = this.#unverified.get(batch.from.items);
    if (!held) return;
    this.#unverified.delete(batch.from.items);
    this.#unverifiedRecords -= batch.records;
    if (held.idHashes) this.#release(held.idHashes);
    if (!failure) {
      this.#tally.verified += batch.records;
      return;
    }
    const { runID, eventID } = batch;
    const objectIDs = failure.objectIDs.length > 0 ? failure.objectIDs : held.objectIDs;
    this.#fail({ ...held, ...(objectIDs ? { objectIDs } : {}) }, batch.records, {
      reason: failure.reason,
      runID,
      eventID,
    });
  }

  #fail(held: Held, records: number, why: Pick<PushFailure, 'reason' | 'runID' | 'eventID'>): void {
    const { from, items } = held.range;
    this.#failed.push({ from, items });
    this.#tally.failed += records;
    this.#tally.failedBatches += 1;
    if (this.#firstFailures.length >= MAX_TOLD) return;
    const { number = from.items + 1, objectIDs = [] } = held;
    this.#firstFailures.push({ from: number, records, ...why, objectIDs: objectIDs.slice(0, MAX_IDS_TOLD) });
  }

  addBad({ count, first }: BadItems): void {
    this.#tally.badRecords += count;
    for (const { number, why } of first)
      if (this.#firstBadRecords.length < MAX_TOLD) this.#firstBadRecords.push({ line: number, why });
  }

  #hold<R extends BatchRange>(held: Map<number, Held<R>>, batch: RecordBatch, range: R): void {
    const { number, objectIDs, idHashes } = batch;
    held.set(range.from.items, { range, number, objectIDs, idHashes });
  }

  #track(idHashes: IdHashes): void {
    if (this.#inOrder) idHashes.forEach((high, low) => this.#underWay.add(high, low));
  }

  #release(idHashes: IdHashes): void {
    if (this.#inOrder) idHashes.forEach((high, low) => this.#underWay.delete(high, low));
  }
}
