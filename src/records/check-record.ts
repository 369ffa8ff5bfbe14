import { isUtf8 } from 'node:buffer';
import type { Item, Span } from './item.ts';

/** A record as it is sent. */
export interface CheckedRecord {
  readonly objectID: string;
  readonly json: Span;
  readonly members: Readonly<Record<string, unknown>>;
}

export type RecordCheck =
  | { readonly ok: true; readonly record: CheckedRecord }
  | { readonly ok: false; readonly why: string };

/** Whether an item is a record: an object with an objectID. What is JSON text in the file is sent as it stands. */
export function checkRecord({ content }: Item, maxBytes: number): RecordCheck {
  if (content.kind === 'bad') return { ok: false, why: content.why };
  let value: unknown;
  if (content.kind === 'value') value = content.value;
  else {
    const { chunk, start, end } = content.text;
    const text = chunk.toString('utf8', start, end);
    // What isn't UTF-8 decodes to this character, which few texts have.
    if (text.includes('\uFFFD') && !isUtf8(chunk.subarray(start, end))) return { ok: false, why: 'not UTF-8' };
    try {
      value = JSON.parse(text);
    } catch (error) {
      return { ok: false, why: `not JSON: ${(error as Error).message}` };
    }
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { ok: false, why: 'not an object' };
  const { objectID } = value as { objectID?: unknown };
  if (typeof objectID !== 'string' || objectID === '')
    return {
      ok: false,
      why: `its objectID is ${objectID === undefined ? 'missing' : 'not a string of at least one character'}`,
    };
  const json = content.kind === 'text' ? content.text : jsonOf(value);
  const bytes = json.end - json.start;
  if (bytes > maxBytes) return { ok: false, why: `${bytes} bytes, more than a batch may have (${maxBytes})` };
  return { ok: true, record: { objectID, json, members: value as Record<string, unknown> } };
}

function jsonOf(value: object): Span {
  const chunk = Buffer.from(JSON.stringify(value));
  return { chunk, start: 0, end: chunk.length };
}
