import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { RecordsError } from './records-error.ts';

/** gzip makes a thousand bytes of one: an hour's work of a small file. */
const MAX_BYTES = 64 * 1024 ** 3;
const CHUNK_BYTES = 256 * 1024;

export interface Content {
  /** Inflated, where it was gzip. */
  readonly chunks: AsyncIterable<Buffer>;
  /** Whether a byte of the content is that byte of the file. */
  readonly plain: boolean;
}

/** What the bytes say: gzip by its first two, whatever the name. */
export async function inflate(raw: AsyncIterable<Buffer>, shown: string): Promise<Content> {
  const source = raw[Symbol.asyncIterator]();
  let head: Buffer = Buffer.alloc(0);
  while (head.length < 2) {
    const { value, done } = await source.next();
    if (done) break;
    head = head.length === 0 ? value : Buffer.concat([head, value]);
  }
  const all = prepend(head, source);
  const plain = !(head[0] === 0x1f && head[1] === 0x8b);
  return { plain, chunks: bounded(plain ? all : gunzip(all, shown), shown) };
}

async function* prepend(head: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  try {
    if (head.length > 0) yield head;
    for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}

async function* gunzip(raw: AsyncIterable<Buffer>, shown: string): AsyncGenerator<Buffer> {
  const inflated = createGunzip({ chunkSize: CHUNK_BYTES });
  let sourceError: unknown;
  pipeline(Readable.from(raw), inflated, (error) => {
    sourceError = error;
  });
  try {
    for await (const chunk of inflated) yield chunk as Buffer;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (!code.startsWith('Z_')) throw sourceError ?? error;
    throw new RecordsError('RecordsInvalid', `${shown}: not readable gzip (${(error as Error).message})`, error);
  }
}

async function* bounded(chunks: AsyncIterable<Buffer>, shown: string): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > MAX_BYTES)
      throw new RecordsError('RecordsInvalid', `${shown}: more than ${MAX_BYTES / 1024 ** 3} GB; split it`);
    yield chunk;
  }
}
