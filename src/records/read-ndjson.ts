import type { Item, Position } from './item.ts';

const NEWLINE = 10;
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/**
 * Splits lines without decoding them: a record that is fine is sent as it stands, and every item knows its byte offset, so that
 * reading can begin there again. Yields the lines of one chunk at a time. A line longer than `maxBytes` is passed over, not held.
 */
export async function* readNdjson(
  chunks: AsyncIterable<Buffer>,
  { from, maxBytes }: { readonly from: Position; readonly maxBytes: number },
): AsyncGenerator<Item[]> {
  let number = from.lines;
  let offset = from.offset;
  let begun: Buffer[] = [];
  let begunBytes = 0;

  const take = (rest: Buffer): Item | undefined => {
    number += 1;
    const bytes = begunBytes + rest.length;
    const overlong = bytes > maxBytes;
    const line = overlong ? rest : begun.length === 0 ? rest : Buffer.concat([...begun, rest]);
    begun = [];
    begunBytes = 0;
    if (overlong)
      return { number, end: offset, content: { kind: 'bad', why: `longer than a batch may be (${maxBytes} bytes)` } };
    const text = trimmed(number === 1 && line.subarray(0, 3).equals(BYTE_ORDER_MARK) ? line.subarray(3) : line);
    return text.length === 0 ? undefined : { number, end: offset, content: { kind: 'text', text } };
  };

  for await (const chunk of chunks) {
    const items: Item[] = [];
    let start = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, start)) {
      offset += at + 1 - start;
      const item = take(chunk.subarray(start, at));
      if (item) items.push(item);
      start = at + 1;
    }
    const rest = chunk.subarray(start);
    offset += rest.length;
    begunBytes += rest.length;
    if (begunBytes <= maxBytes) begun.push(rest);
    else begun = [];
    if (items.length > 0) yield items;
  }
  if (begunBytes === 0) return;
  const last = take(Buffer.alloc(0));
  if (last) yield [last];
}

const isSpace = (byte: number | undefined) => byte === 0x20 || byte === 0x09 || byte === 0x0d;

function trimmed(line: Buffer): Buffer {
  let start = 0;
  let end = line.length;
  while (start < end && isSpace(line[start])) start += 1;
  while (end > start && isSpace(line[end - 1])) end -= 1;
  return start === 0 && end === line.length ? line : line.subarray(start, end);
}
