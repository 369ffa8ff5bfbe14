import { mkdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { RecordsError } from '../records/records-error.ts';

/** The folder of that name below `RECORDS_DIR`, for a worker to write to. One that leads elsewhere is refused. */
export async function makeRecordsFolder(directory: string, name: string): Promise<string> {
  const folder = join(directory, name);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if ((await realpath(folder)) !== join(await realpath(directory), name))
    throw new RecordsError('RecordsRefused', `RECORDS_DIR/${name} leads elsewhere; make it a directory`);
  return folder;
}
