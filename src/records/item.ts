/** One thing that should be a record, where it stands in the file, and not looked at yet. */
export interface Item {
  /** Counted from 1: the line in NDJSON and CSV (of a row of several lines the last), the element of a JSON array. */
  readonly number: number;
  /** Where the next one begins, in bytes of the content. Known for NDJSON. */
  readonly end?: number;
  readonly content: ItemContent;
}

export type ItemContent =
  /** JSON text as it stands in the file, checked by nobody. */
  | { readonly kind: 'text'; readonly text: Span }
  /** A row, whose cells are text. */
  | { readonly kind: 'value'; readonly value: unknown }
  /** It can't be read, and why. */
  | { readonly kind: 'bad'; readonly why: string };

/**
 * Bytes within a chunk, until the next items are asked for: then the chunk's memory is used again.
 * A `Buffer` for each of millions of records would keep the garbage collector busier than all the rest.
 */
export interface Span {
  readonly chunk: Buffer;
  readonly start: number;
  readonly end: number;
}

/** Where reading goes on: everything before has been read. */
export interface Position {
  /** How many items were read. */
  readonly items: number;
  /** How many lines, blank ones among them. */
  readonly lines: number;
  /** Bytes of the content; 0 where items don't say where they end. */
  readonly offset: number;
}

export const START: Position = { items: 0, lines: 0, offset: 0 };
