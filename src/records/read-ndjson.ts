import type { Item, Position, Span } from './item.ts';

const NEWLINE = 10;
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

export interface NdjsonOptions {
  readonly from: Position;
  readonly maxBytes: number;
  /** Takes back a chunk whose lines have been dealt with. */
  readonly recycle?: ((chunk: Buffer) => void) | undefined;
}

/**
 * Splits lines without decoding them: a record that is fine is sent as it stands, and every item knows its byte offset, so that
 * reading can begin there again. Yields the lines of one chunk at a time. A line longer than `maxBytes` is passed over, not held.
 */
export async function* readNdjson(
  chunks: AsyncIterable<Buffer>,
  { from, maxBytes, recycle }: NdjsonOptions,
): AsyncGenerator<Item[]> {
  let number = from.lines;
  let offset = from.offset;
  let begun: Buffer[] = [];
  let begunBytes = 0;

  /** The line that ends at `end` of this chunk, and may have begun in those before. */
  const take = (chunk: Buffer, start: number, end: number): Item | undefined => {
    number += 1;
    const bytes = begunBytes + end - start;
    if (bytes > maxBytes) {
      begun = [];
      begunBytes = 0;
      return { number, end: offset, content: { kind: 'bad', why: `longer than a batch may be (${maxBytes} bytes)` } };
    }
    let text: Span = { chunk, start, end };
    if (begun.length > 0) {
      text = { chunk: Buffer.concat([...begun, chunk.subarray(start, end)], bytes), start: 0, end: bytes };
      begun = [];
      begunBytes = 0;
    }
    text = trimmed(text, number === 1);
    return text.start === text.end ? undefined : { number, end: offset, content: { kind: 'text', text } };
  };

  for await (const chunk of chunks) {
    const items: Item[] = [];
    let start = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, start)) {
      offset += at + 1 - start;
      const item = take(chunk, start, at);
      if (item) items.push(item);
      start = at + 1;
    }
    const rest = chunk.subarray(start);
    offset += rest.length;
    begunBytes += rest.length;
    if (begunBytes <= maxBytes) begun.push(Buffer.from(rest));
    else begun = [];
    if (items.length > 0) yield items;
    recycle?.(chunk);
  }
  if (begunBytes === 0) return;
  const last = take(Buffer.alloc(0), 0, 0);
  if (last) yield [last];
}

const isSpace = (byte: number | undefined) => byte === 0x20 || byte === 0x09 || byte === 0x0d;

function trimmed(text: Span, isFirst: boolean): Span {
  const { chunk } = text;
  let { start, end } = text;
  if (isFirst && chunk.subarray(start, start + BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK))
    start += BYTE_ORDER_MARK.length;
  while (start < end && isSpace(chunk[start])) start += 1;
  while (end > start && isSpace(chunk[end - 1])) end -= 1;
  return start === text.start && end === text.end ? text : { chunk, start, end };
}
