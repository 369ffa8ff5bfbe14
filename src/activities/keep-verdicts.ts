import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { RecordsError } from '../records/records-error.ts';
import { attempt } from './attempt.ts';
import { makeRecordsFolder } from './make-records-folder.ts';

const DIRECTORY = 'backfills';

export interface KeepVerdictsInput {
  /** Of the file, without directory and ending. */
  readonly name: string;
  /** How long it is by now: where to write. */
  readonly offset: number;
  readonly verdicts: readonly object[];
}

/** Absent where this worker has no place for files. */
export interface KeptVerdicts {
  readonly uri?: string;
  /** How long it is now. */
  readonly bytes: number;
}

/** Writes verdicts, one a line, to a file below `RECORDS_DIR`. The same bytes at the same place, however often it is done. */
export function createKeepVerdicts(directory: string | undefined) {
  return async function keepVerdicts({ name, offset, verdicts }: KeepVerdictsInput): Promise<KeptVerdicts> {
    if (directory === undefined) return { bytes: 0 };
    const lines = Buffer.from(verdicts.map((verdict) => `${JSON.stringify(verdict)}\n`).join(''));
    return attempt(async () => {
      const folder = await makeRecordsFolder(directory, DIRECTORY);
      await writeAt(offset, join(folder, `${name}.ndjson`), lines);
      return { uri: `file:${DIRECTORY}/${name}.ndjson`, bytes: offset + lines.length };
    });
  };
}

async function writeAt(offset: number, path: string, bytes: Buffer): Promise<void> {
  const { O_WRONLY, O_CREAT, O_NOFOLLOW } = constants;
  const file = await open(path, O_WRONLY | O_CREAT | O_NOFOLLOW, 0o600);
  try {
    const { size } = await file.stat();
    if (size < offset)
      throw new RecordsError(
        'RecordsRefused',
        `${DIRECTORY}/${basename(path)} is not what it was: RECORDS_DIR must be one place for all workers`,
      );
    await writeAll(file, bytes, offset);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** A disk that is nearly full takes a part of it and calls that a success; the rest then fails. */
async function writeAll(file: FileHandle, bytes: Buffer, offset: number): Promise<void> {
  for (let written = 0; written < bytes.length;)
    written += (await file.write(bytes, written, bytes.length - written, offset + written)).bytesWritten;
}
