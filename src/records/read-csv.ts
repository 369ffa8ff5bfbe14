import { parse, type CsvError, type Info } from 'csv-parse';
import { decodeText } from './decode-text.ts';
import type { Item } from './item.ts';
import { RecordsError } from './records-error.ts';

/** Rows below a header that names an `objectID` column; every value is a string. A row that doesn't fit the header is a bad one. */
export async function* readCsv(
  chunks: AsyncIterable<Buffer>,
  { maxBytes, shown }: { readonly maxBytes: number; readonly shown: string },
): AsyncGenerator<Item[]> {
  let items: Item[] = [];
  let failure: Error | undefined;
  const parser = parse({
    columns: (header: string[]) => checkHeader(header, shown),
    // Left to itself it takes what ends the header for the one and only: a file put together of others has several.
    record_delimiter: ['\r\n', '\n', '\r'],
    skip_empty_lines: true,
    skip_records_with_error: true,
    max_record_size: maxBytes,
    on_record: (value: unknown, { lines }: Info) => {
      items.push({ number: lines, content: { kind: 'value', value } });
      return null;
    },
    on_skip: (error?: CsvError) => {
      const lines = Number(error?.lines ?? 0);
      if (error?.code === 'CSV_MAX_RECORD_SIZE')
        failure ??= new RecordsError(
          'RecordsInvalid',
          `${shown}: line ${lines}: a row longer than a batch may be (${maxBytes} bytes); is a quote not closed?`,
        );
      items.push({ number: lines, content: { kind: 'bad', why: error?.message ?? 'not readable' } });
      return undefined;
    },
  });
  parser.on('error', (error) => {
    failure ??= error;
  });
  parser.resume();
  const take = (): Item[] => {
    if (failure) {
      throw failure instanceof RecordsError
        ? failure
        : new RecordsError('RecordsInvalid', `${shown}: not readable CSV: ${failure.message}`, failure);
    }
    const taken = items;
    items = [];
    return taken;
  };
  try {
    for await (const text of decodeText(chunks, shown)) {
      if (text === '') continue;
      await new Promise<void>((resolve) => parser.write(text, () => resolve()));
      const taken = take();
      if (taken.length > 0) yield taken;
    }
    await new Promise<void>((resolve) => {
      parser.once('close', resolve);
      parser.end();
    });
    const taken = take();
    if (taken.length > 0) yield taken;
  } finally {
    parser.destroy();
  }
}

function checkHeader(header: string[], shown: string): string[] {
  const twice = header.find((name, index) => header.indexOf(name) !== index);
  if (twice !== undefined) throw new RecordsError('RecordsInvalid', `${shown}: line 1: two columns are named ${twice}`);
  if (!header.includes('objectID'))
    throw new RecordsError('RecordsInvalid', `${shown}: line 1: the header names no objectID column`);
  return header;
}
