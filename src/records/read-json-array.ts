import type { Item } from './item.ts';
import { RecordsError } from './records-error.ts';

const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];
const ARRAY_BEGINS = 0x5b;
const ARRAY_ENDS = 0x5d;
const isOpening = (byte: number) => byte === ARRAY_BEGINS || byte === 0x7b;
const isClosing = (byte: number) => byte === ARRAY_ENDS || byte === 0x7d;
const isSpace = (byte: number) => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;

export interface JsonArrayOptions {
  readonly maxBytes: number;
  readonly shown: string;
}

/**
 * Splits the elements of one array without parsing them: a record that is fine is sent as it stands in the file. What is wrong within
 * an element is told of that one, and an element longer than `maxBytes` is passed over, not held. What is wrong between them
 * ends the reading: nobody can say where it goes on.
 */
export async function* readJsonArray(chunks: AsyncIterable<Buffer>, options: JsonArrayOptions): AsyncGenerator<Item[]> {
  const splitter = new Splitter(options);
  for await (const chunk of chunks) {
    const items = splitter.split(chunk);
    if (items.length > 0) yield items;
  }
  splitter.end();
}

/** Between elements: what may stand there. */
const EXPECTED = {
  before: 'it does not begin with [',
  first: 'expected a record or ]',
  element: 'expected a record',
  between: 'expected a comma or ]',
  after: 'something stands behind its end',
} as const;

class Splitter {
  readonly #options: JsonArrayOptions;
  #place: keyof typeof EXPECTED = 'before';
  #number = 0;
  #inElement = false;
  /** Brackets of the element that are open. */
  #depth = 0;
  #inString = false;
  #escaped = false;
  /** What earlier chunks hold of the element. */
  #begun: Buffer[] = [];
  #begunBytes = 0;

  constructor(options: JsonArrayOptions) {
    this.#options = options;
  }

  /** The elements that are complete with this chunk. */
  split(chunk: Buffer): Item[] {
    const items: Item[] = [];
    let start = 0;
    for (let at = 0; at < chunk.length; at += 1) {
      const byte = chunk[at] as number;
      if (this.#inString) this.#stepInString(byte);
      else if (this.#inElement || this.#begins(byte)) {
        if (!this.#inElement) start = at;
        this.#inElement = true;
        const end = this.#stepInElement(byte, at);
        if (end !== undefined) items.push(this.#take(chunk, start, end));
      } else this.#stepBetween(byte);
    }
    if (this.#inElement) this.#hold(chunk.subarray(start));
    return items;
  }

  end(): void {
    if (this.#place !== 'after') throw this.#invalid(this.#place === 'before' ? 'it is empty' : 'it ends before its ]');
  }

  #begins(byte: number): boolean {
    const isAwaited = this.#place === 'first' || this.#place === 'element';
    return isAwaited && byte !== COMMA && byte !== ARRAY_ENDS && !isSpace(byte);
  }

  #stepInString(byte: number): void {
    if (this.#escaped) this.#escaped = false;
    else if (byte === BACKSLASH) this.#escaped = true;
    else if (byte === QUOTE) this.#inString = false;
  }

  /** Where the element ends, if it does so here: at its last bracket, or before the comma or bracket behind a word or a number. */
  #stepInElement(byte: number, at: number): number | undefined {
    if (byte === QUOTE) this.#inString = true;
    else if (isOpening(byte)) this.#depth += 1;
    else if (this.#depth === 0 && (byte === COMMA || byte === ARRAY_ENDS)) {
      this.#place = byte === COMMA ? 'element' : 'after';
      return at;
    } else if (isClosing(byte)) {
      this.#depth -= 1;
      if (this.#depth > 0) return undefined;
      this.#place = 'between';
      return at + 1;
    }
    return undefined;
  }

  #stepBetween(byte: number): void {
    const place = this.#place;
    if (isSpace(byte)) return;
    if (place === 'before' && BYTE_ORDER_MARK.includes(byte)) return;
    if (place === 'before' && byte === ARRAY_BEGINS) this.#place = 'first';
    else if (byte === ARRAY_ENDS && (place === 'first' || place === 'between')) this.#place = 'after';
    else if (byte === COMMA && place === 'between') this.#place = 'element';
    else throw this.#invalid(EXPECTED[place]);
  }

  #hold(rest: Buffer): void {
    this.#begunBytes += rest.length;
    if (this.#begunBytes <= this.#options.maxBytes) this.#begun.push(rest);
    else this.#begun = [];
  }

  #take(chunk: Buffer, start: number, end: number): Item {
    const { maxBytes } = this.#options;
    const begun = this.#begun;
    const bytes = this.#begunBytes + end - start;
    this.#number += 1;
    this.#inElement = false;
    this.#depth = 0;
    this.#begun = [];
    this.#begunBytes = 0;
    const number = this.#number;
    if (bytes > maxBytes)
      return { number, content: { kind: 'bad', why: `longer than a batch may be (${maxBytes} bytes)` } };
    if (begun.length === 0) return { number, content: { kind: 'text', text: { chunk, start, end } } };
    const whole = Buffer.concat([...begun, chunk.subarray(start, end)], bytes);
    return { number, content: { kind: 'text', text: { chunk: whole, start: 0, end: bytes } } };
  }

  #invalid(why: string): RecordsError {
    return new RecordsError(
      'RecordsInvalid',
      `${this.#options.shown}: not a JSON array: ${why}, after record ${this.#number}`,
    );
  }
}
