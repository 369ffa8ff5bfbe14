import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface RecordsDirectory {
  readonly path: string;
  /** Writes a file of records, one a line, and returns the reference to it. */
  write(records: readonly object[], name?: string): Promise<{ uri: string }>;
  /** The same of a text, as it stands. */
  writeText(text: string | Buffer, name?: string): Promise<{ uri: string }>;
  remove(): Promise<void>;
}

/** A `RECORDS_DIR` of its own. */
export async function makeRecordsDirectory(): Promise<RecordsDirectory> {
  const path = await mkdtemp(join(tmpdir(), 'records-'));
  const writeText = async (text: string | Buffer, name = `${randomUUID()}.ndjson`) => {
    await writeFile(join(path, name), text);
    return { uri: `file:${name}` };
  };
  return {
    path,
    write: (records, name) => writeText(records.map((record) => `${JSON.stringify(record)}\n`).join(''), name),
    writeText,
    remove: () => rm(path, { recursive: true, force: true }),
  };
}
