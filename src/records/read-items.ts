import { inflate } from './inflate.ts';
import { START, type Item, type Position } from './item.ts';
import { openRecords, type OpenRecords, type RecordsAccess, type RecordsReference } from './open-records.ts';
import { readCsv } from './read-csv.ts';
import { readJsonArray } from './read-json-array.ts';
import { readNdjson } from './read-ndjson.ts';
import { showUri } from './show-uri.ts';

export interface ReadOptions {
  /** Where to begin; what can't be entered there is read from its beginning and skipped up to it. */
  readonly from?: Position;
  /** No item is held that is longer. */
  readonly maxBytes: number;
  readonly signal?: AbortSignal | undefined;
}

export interface ItemReader {
  readonly version: string;
  /** The items from where it was asked on, in file order, some at a time. */
  readonly items: AsyncIterable<Item[]>;
  readonly close: () => Promise<void>;
}

/** Reads the items of a file or download, whatever its format, gzip or plain, holding a few chunks of it at most. */
export async function readItems(
  reference: RecordsReference,
  access: RecordsAccess,
  { from = START, maxBytes, signal }: ReadOptions,
): Promise<ItemReader> {
  const opened = await openRecords(reference, access, { from: from.offset, ...(signal ? { signal } : {}) });
  const entered = opened.seekable && from.offset > 0;
  const items = readContent(reference.uri, opened, { from: entered ? from : START, maxBytes });
  const skip = entered ? 0 : from.items;
  return { version: opened.version, items: skip === 0 ? items : skipItems(items, skip), close: opened.close };
}

async function* readContent(
  uri: string,
  opened: OpenRecords,
  { from, maxBytes }: { from: Position; maxBytes: number },
): AsyncGenerator<Item[]> {
  const shown = showUri(uri);
  const { raw, recycle, seekable } = opened;
  if (from.offset > 0) return yield* readNdjson(raw, { from, maxBytes, recycle });
  const { chunks, plain } = await inflate(raw, shown);
  switch (opened.format) {
    case 'ndjson':
      if (plain && seekable) return yield* readNdjson(chunks, { from, maxBytes, recycle });
      for await (const items of readNdjson(chunks, { from, maxBytes }))
        // An offset into what gzip holds leads nowhere.
        yield items.map(({ number, content }) => ({ number, content }));
      return;
    case 'json':
      return yield* readJsonArray(chunks, { maxBytes, shown });
    case 'csv':
      return yield* readCsv(chunks, { maxBytes, shown });
  }
}

async function* skipItems(items: AsyncIterable<Item[]>, count: number): AsyncGenerator<Item[]> {
  let left = count;
  for await (const some of items) {
    if (left >= some.length) left -= some.length;
    else {
      yield left === 0 ? some : some.slice(left);
      left = 0;
    }
  }
}
