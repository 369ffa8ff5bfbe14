import { once } from 'node:events';
import streamArray, { type StreamArrayItem } from 'stream-json/streamers/stream-array.js';
import { decodeText } from './decode-text.ts';
import type { Item } from './item.ts';
import { RecordsError } from './records-error.ts';

/** The elements of one array, yielded as they are complete. What isn't JSON ends the reading: nobody can say where it goes on. */
export async function* readJsonArray(
  chunks: AsyncIterable<Buffer>,
  { maxBytes, shown }: { readonly maxBytes: number; readonly shown: string },
): AsyncGenerator<Item[]> {
  const parser = streamArray.withParserAsStream();
  let items: Item[] = [];
  let elements = 0;
  let sinceElement = 0;
  let failure: Error | undefined;
  parser.on('data', ({ key, value }: StreamArrayItem) => {
    elements = key + 1;
    sinceElement = 0;
    items.push({ number: elements, content: { kind: 'value', value } });
  });
  parser.on('error', (error: Error) => {
    failure = error;
  });
  const invalid = (why: string, cause?: unknown) =>
    new RecordsError('RecordsInvalid', `${shown}: ${why}, after record ${elements} or a little later`, cause);
  const take = (): Item[] => {
    const taken = items;
    items = [];
    return taken;
  };
  try {
    for await (const text of decodeText(chunks, shown)) {
      if (text === '') continue;
      sinceElement += text.length;
      // `maxBytes` may be complete but not emitted yet, hence the factor.
      if (sinceElement > 2 * maxBytes) throw invalid(`a record is longer than a batch may be (${maxBytes} bytes)`);
      await new Promise<void>((resolve) => parser.write(text, () => resolve()));
      if (failure) throw invalid(`not a JSON array: ${failure.message}`, failure);
      if (items.length > 0) yield take();
    }
    parser.end();
    await once(parser, 'close').catch(() => undefined);
    if (failure) throw invalid(`not a JSON array: ${(failure as Error).message}`, failure);
    if (items.length > 0) yield take();
  } finally {
    parser.destroy();
  }
}
