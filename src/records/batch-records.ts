import { checkRecord, type CheckedRecord } from './check-record.ts';
import type { Item, Position, Span } from './item.ts';
import { RecordsError } from './records-error.ts';

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
  readonly objectIDs: readonly string[];
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
  const { ranges, from, maxRecords, maxBytes, onBadRecord, admit, shown, frame = NO_FRAME } = options;
  const pending = [...ranges];
  let position = start;
  let batch = new OpenBatch(start);

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
        if (!asked && onBadRecord === 'fail')
          throw new RecordsError('RecordsInvalid', `${shown}: line ${item.number}: ${check.why}`);
        if (batch.isBlank) batch = new OpenBatch(before);
        batch.skip({ number: item.number, why: check.why }, position);
      } else {
        admit?.(check.record, item.number);
        if (!asked && !batch.fits(check.record, maxRecords, maxBytes)) {
          yield batch.close({ asked: false, frame });
          batch = new OpenBatch(before);
        } else if (batch.isBlank) batch = new OpenBatch(before);
        batch.add(check.record, item.number, position);
      }
      if (asked && position.items === range.from.items + range.items) {
        pending.shift();
        if (!batch.isEmpty) yield batch.close({ asked: true, frame });
        batch = new OpenBatch(position);
      }
    }
    if (pending.length === 0 && from === undefined) return;
  }
  if (pending.length > 0)
    throw new RecordsError('RecordsInvalid', `${shown}: it ended before what had been read from it: it was changed`);
  if (!batch.isBlank) yield batch.close({ asked: false, frame });
}

function after(position: Position, item: Item): Position {
  return { items: position.items + 1, lines: item.number, offset: item.end ?? 0 };
}

/** A batch that is being filled. */
class OpenBatch {
  readonly #from: Position;
  #to: Position;
  #number = 0;
  #bytes = 0;
  readonly #records: Span[] = [];
  readonly #objectIDs: string[] = [];
  #badCount = 0;
  readonly #bad: BadItem[] = [];

  constructor(from: Position) {
    this.#from = from;
    this.#to = from;
  }

  get isEmpty(): boolean {
    return this.#records.length === 0;
  }

  /** Not even a bad item is in it. */
  get isBlank(): boolean {
    return this.isEmpty && this.#badCount === 0;
  }

  fits({ json }: CheckedRecord, maxRecords: number, maxBytes: number): boolean {
    const count = this.#records.length;
    return count === 0 || (count < maxRecords && this.#bytes + 1 + json.end - json.start <= maxBytes);
  }

  add({ json, objectID }: CheckedRecord, number: number, to: Position): void {
    if (this.isEmpty) this.#number = number;
    else this.#bytes += 1;
    this.#records.push(json);
    this.#objectIDs.push(objectID);
    this.#bytes += json.end - json.start;
    this.#to = to;
  }

  skip(item: BadItem, to: Position): void {
    this.#badCount += 1;
    if (this.#bad.length < MAX_BAD_TOLD) this.#bad.push(item);
    this.#to = to;
  }

  close({ asked, frame }: { asked: boolean; frame: Frame }): RecordBatch {
    return {
      range: { from: this.#from, items: this.#to.items - this.#from.items },
      to: this.#to,
      number: this.#number,
      objectIDs: this.#objectIDs,
      json: framed(this.#records, this.#bytes, frame),
      bad: { count: this.#badCount, first: this.#bad },
      asked,
    };
  }
}

function framed(records: readonly Span[], bytes: number, { open, separator, close }: Frame): Buffer {
  const json = Buffer.allocUnsafeSlow(open.length + bytes + close.length);
  const between = separator.charCodeAt(0);
  let at = json.write(open, 'latin1');
  const first = at;
  for (const { chunk, start, end } of records) {
    if (at > first) json[at++] = between;
    at += chunk.copy(json, at, start, end);
  }
  json.write(close, at, 'latin1');
  return json;
}
