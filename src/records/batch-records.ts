import { checkRecord, type CheckedRecord } from './check-record.ts';
import { IdHashes } from './id-set.ts';
import type { Item, Position } from './item.ts';
import { BadRecord, RecordsError } from './records-error.ts';

/** Items of the file by their place. */
export interface ItemRange {
  readonly from: Position;
  readonly items: number;
}

export interface RecordBatch {
  readonly range: ItemRange;
  /** Where the next batch begins. */
  readonly to: Position;
  /** The number of its first record: its line, or its place in an array. */
  readonly number: number;
  readonly records: number;
  /** The first few, to be told. */
  readonly objectIDs: readonly string[];
  /** All, to be compared. */
  readonly idHashes: IdHashes;
  /** The records in their frame. */
  readonly json: Buffer;
  /** What was passed over on the way: how many, and the first few. */
  readonly bad: BadItems;
  /** It is one of the ranges asked for, and not a new one. */
  readonly asked: boolean;
}

export interface BadItems {
  readonly count: number;
  readonly first: readonly BadItem[];
}

export interface BadItem {
  readonly number: number;
  readonly why: string;
}

/** What stands before, between and after the records of a batch. */
export interface Frame {
  readonly open: string;
  /** One byte. */
  readonly separator: string;
  readonly close: string;
}

const NO_FRAME: Frame = { open: '', separator: ',', close: '' };
/** Bad items beyond these are counted only. */
const MAX_BAD_TOLD = 20;
/** Of a batch: objectIDs beyond these are compared only. */
export const MAX_IDS_TOLD = 20;

export interface BatchOptions {
  /** Ranges to read again, in file order, all before `from`. */
  readonly ranges: readonly ItemRange[];
  /** Where new batches begin; absent: there are to be none. */
  readonly from?: Position;
  readonly maxRecords: number;
  /** Of the records and the separators between them. A longer record is a bad one. */
  readonly maxBytes: number;
  readonly onBadRecord: 'fail' | 'skip';
  /** Refuses a record for what it says, by throwing. */
  readonly admit?: (record: CheckedRecord, number: number) => void;
  /** Names the source in errors. */
  readonly shown: string;
  /** Default: a comma between the records, and nothing around them. */
  readonly frame?: Frame;
  /** Where batches get their memory; whoever is done with one gives it back. Default: none is used again. */
  readonly memory?: BatchMemory;
}

/** Where reading has to begin for that: before everything that is wanted. */
export function firstPosition({ ranges, from }: Pick<BatchOptions, 'ranges' | 'from'>): Position | undefined {
  return [...ranges.map((range) => range.from), ...(from ? [from] : [])].reduce<Position | undefined>(
    (first, position) => (first && first.items <= position.items ? first : position),
    undefined,
  );
}

/**
 * Groups the items from `start` on into batches, none above the limits. The same file and the same limits make the same
 * batches, wherever it is begun. A last batch may have no records, and then tells of bad items only.
 */
export async function* batchRecords(
  source: AsyncIterable<readonly Item[]>,
  start: Position,
  options: BatchOptions,
): AsyncGenerator<RecordBatch> {
  const { ranges, from, maxRecords, maxBytes, onBadRecord, admit, shown } = options;
  const { frame = NO_FRAME, memory = new BatchMemory() } = options;
  const openAt = (at: Position) => new OpenBatch(at, { frame, memory });
  const pending = [...ranges];
  let position = start;
  let batch = openAt(start);

  for await (const items of source) {
    for (const item of items) {
      const before = position;
      position = after(position, item);
      const range = pending[0];
      const asked = range !== undefined && before.items >= range.from.items;
      const isNew = from !== undefined && before.items >= from.items;
      if (!asked && !isNew) continue;

      const check = checkRecord(item, maxBytes);
      if (!check.ok) {
        if (!asked && onBadRecord === 'fail') throw new BadRecord(shown, item.number, check.why);
        if (batch.isBlank) batch = openAt(before);
        batch.skip({ number: item.number, why: check.why }, position);
      } else {
        admit?.(check.record, item.number);
        if (!asked && !batch.fits(check.record, maxRecords, maxBytes)) {
          yield batch.close({ asked: false });
          batch = openAt(before);
        } else if (batch.isBlank) batch = openAt(before);
        batch.add(check.record, item.number, position);
      }
      if (asked && position.items === range.from.items + range.items) {
        pending.shift();
        if (!batch.isEmpty) yield batch.close({ asked: true });
        batch = openAt(position);
      }
    }
    if (pending.length === 0 && from === undefined) return;
  }
  if (pending.length > 0)
    throw new RecordsError('RecordsInvalid', `${shown}: it ended before what had been read from it: it was changed`);
  if (!batch.isBlank) yield batch.close({ asked: false });
}

function after(position: Position, item: Item): Position {
  return { items: position.items + 1, lines: item.number, offset: item.end ?? 0 };
}

/** Lends out the memory of batches that are done, so that a long push doesn't ask for ever more. */
export class BatchMemory {
  readonly #spare: Buffer[] = [];

  take(): Buffer {
    return this.#spare.pop() ?? Buffer.allocUnsafeSlow(FIRST_BYTES);
  }

  /** Nobody reads this batch any more, not even a socket. */
  giveBack({ json }: Pick<RecordBatch, 'json'>): void {
    if (json.length > 0) this.#spare.push(Buffer.from(json.buffer));
  }
}

const FIRST_BYTES = 256 * 1024;

/** A batch that is being filled. */
class OpenBatch {
  readonly #from: Position;
  readonly #frame: Frame;
  readonly #memory: BatchMemory;
  #to: Position;
  #number = 0;
  #json: Buffer = Buffer.alloc(0);
  #at = 0;
  #records = 0;
  readonly #objectIDs: string[] = [];
  readonly #idHashes = new IdHashes();
  #badCount = 0;
  readonly #bad: BadItem[] = [];

  constructor(from: Position, { frame, memory }: { frame: Frame; memory: BatchMemory }) {
    this.#from = from;
    this.#to = from;
    this.#frame = frame;
    this.#memory = memory;
  }

  get isEmpty(): boolean {
    return this.#records === 0;
  }

  /** Not even a bad item is in it. */
  get isBlank(): boolean {
    return this.isEmpty && this.#badCount === 0;
  }

  fits({ json }: CheckedRecord, maxRecords: number, maxBytes: number): boolean {
    if (this.isEmpty) return true;
    const bytes = this.#at - this.#frame.open.length + this.#frame.separator.length + json.end - json.start;
    return this.#records < maxRecords && bytes <= maxBytes;
  }

  add({ json: { chunk, start, end }, objectID }: CheckedRecord, number: number, to: Position): void {
    if (this.isEmpty) {
      this.#number = number;
      this.#json = this.#memory.take();
      this.#write(this.#frame.open);
    } else this.#write(this.#frame.separator);
    this.#reserve(end - start);
    this.#at += chunk.copy(this.#json, this.#at, start, end);
    this.#records += 1;
    this.#idHashes.add(objectID);
    if (this.#objectIDs.length < MAX_IDS_TOLD) this.#objectIDs.push(objectID);
    this.#to = to;
  }

  skip(item: BadItem, to: Position): void {
    this.#badCount += 1;
    if (this.#bad.length < MAX_BAD_TOLD) this.#bad.push(item);
    this.#to = to;
  }

  close({ asked }: { asked: boolean }): RecordBatch {
    if (!this.isEmpty) this.#write(this.#frame.close);
    return {
      range: { from: this.#from, items: this.#to.items - this.#from.items },
      to: this.#to,
      number: this.#number,
      records: this.#records,
      objectIDs: this.#objectIDs,
      idHashes: this.#idHashes,
      json: this.#json.subarray(0, this.#at),
      bad: { count: this.#badCount, first: this.#bad },
      asked,
    };
  }

  #write(text: string): void {
    this.#reserve(text.length);
    this.#at += this.#json.write(text, this.#at, 'latin1');
  }

  #reserve(bytes: number): void {
    const needed = this.#at + bytes;
    if (needed <= this.#json.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#json.length));
    this.#json.copy(larger, 0, 0, this.#at);
    this.#json = larger;
  }
}
