import { constants, type BigIntStats } from 'node:fs';
import { open, realpath, type FileHandle } from 'node:fs/promises';
import { isAbsolute, join, sep } from 'node:path';
import { RecordsError } from './records-error.ts';

/** Large reads cost least; a few of them are all that is held of a file. */
const CHUNK_BYTES = 512 * 1024;

/** Says why a `file:` URI leads out of the directory by its name alone, whatever lies there. */
export function whyNotBelow(uri: string): string | undefined {
  const name = uri.slice('file:'.length);
  return isAbsolute(name) || name.includes('\0') || name.split(/[/\\]/).includes('..')
    ? 'the path must be relative to RECORDS_DIR and stay below it, such as file:products.ndjson'
    : undefined;
}

export interface RecordFile {
  /** Changes when the file does. */
  readonly version: string;
  /** To its end; throws there if it was changed meanwhile. */
  read(from: number): AsyncIterable<Buffer>;
  /** A chunk that nobody needs any more: another will be read into its memory. */
  readonly recycle: (chunk: Buffer) => void;
  readonly close: () => Promise<void>;
}

/** Opens a regular file below `directory`, wherever symlinks lead: what is checked is what is read. */
export async function openRecordFile(uri: string, directory: string | undefined): Promise<RecordFile> {
  const refuse = (why: string, cause?: unknown) => new RecordsError('RecordsRefused', `${uri}: ${why}`, cause);
  const name = uri.slice('file:'.length);
  if (directory === undefined) throw refuse('this worker has no RECORDS_DIR');
  const outside = whyNotBelow(uri);
  if (outside !== undefined) throw refuse(outside);

  const [root, path] = await Promise.all([realpath(directory), realpath(join(directory, name))]).catch((error) => {
    throw refuse('there is no such file below RECORDS_DIR', error);
  });
  if (!path.startsWith(root + sep)) throw refuse('the file lies outside of RECORDS_DIR');

  // Not blocking: opening a named pipe would wait for somebody to write.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW).catch((error) => {
    throw refuse('the file cannot be read', error);
  });
  try {
    const stats = await file.stat({ bigint: true });
    if (!stats.isFile()) throw refuse('it is not a regular file');
    const version = versionOf(stats);
    const assertUnchanged = async () => {
      if (versionOf(await file.stat({ bigint: true })) !== version)
        throw new RecordsError(
          'RecordsInvalid',
          `${uri}: it was changed while it was being read; begin again when nobody writes to it any more`,
        );
    };
    // A directory on the way may have been replaced by a symlink after it was looked at.
    if ((await realpath(`/proc/self/fd/${file.fd}`).catch(() => path)) !== path) throw refuse('the file was moved');
    const spare: ArrayBufferLike[] = [];
    return {
      version,
      read: async function* (from) {
        yield* readChunks(file, from, spare);
        await assertUnchanged();
      },
      recycle: ({ buffer }) => {
        if (buffer.byteLength === CHUNK_BYTES) spare.push(buffer);
      },
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

const versionOf = ({ ino, size, mtimeNs }: BigIntStats) => `${ino}-${size}-${mtimeNs}`;

async function* readChunks(file: FileHandle, from: number, spare: ArrayBufferLike[]): AsyncGenerator<Buffer> {
  for (let position = from; ;) {
    const buffer = Buffer.from(spare.pop() ?? Buffer.allocUnsafeSlow(CHUNK_BYTES).buffer);
    const { bytesRead } = await file.read({ buffer, position });
    if (bytesRead === 0) return;
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}
