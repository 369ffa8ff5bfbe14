import { mkdir, readFile, symlink, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createKeepVerdicts, type KeepVerdictsInput } from '../../src/activities/keep-verdicts.ts';
import { makeRecordsDirectory, type RecordsDirectory } from '../setup/records-directory.ts';
import { attempt } from './setup.ts';

const keepIn = (directory: string | undefined) => (input: KeepVerdictsInput) =>
  attempt(createKeepVerdicts(directory), input).result;

let records: RecordsDirectory;
beforeEach(async () => {
  records = await makeRecordsDirectory();
});
afterEach(() => records.remove());

test('verdicts follow one another, also when one piece is written twice', async () => {
  const keepVerdicts = keepIn(records.path);
  const first = await keepVerdicts({ name: 'b', offset: 0, verdicts: [{ n: 1 }, { n: 'é' }] });
  const second = { name: 'b', offset: first.bytes, verdicts: [{ n: 3 }] };
  const { uri } = await keepVerdicts(second);
  expect(await keepVerdicts(second)).toEqual({ uri, bytes: first.bytes + 8 });
  await keepVerdicts({ name: 'b', offset: 0, verdicts: [{ n: 1 }, { n: 'é' }] });
  expect(uri).toBe('file:backfills/b.ndjson');
  expect(await readFile(join(records.path, 'backfills', 'b.ndjson'), 'utf8')).toBe('{"n":1}\n{"n":"é"}\n{"n":3}\n');
});

test('a worker that has no place for files keeps none', async () => {
  await expect(keepIn(undefined)({ name: 'b', offset: 0, verdicts: [{}] })).resolves.toEqual({ bytes: 0 });
});

test('a file that is not what it was is refused, and so is a directory that leads elsewhere', async () => {
  const keepVerdicts = keepIn(records.path);
  const { bytes } = await keepVerdicts({ name: 'b', offset: 0, verdicts: [{ n: 1 }] });
  await truncate(join(records.path, 'backfills', 'b.ndjson'), 1);
  await expect(keepVerdicts({ name: 'b', offset: bytes, verdicts: [{ n: 2 }] })).rejects.toThrow(
    'must be one place for all workers',
  );

  const other = await makeRecordsDirectory();
  await mkdir(join(other.path, 'elsewhere'));
  await symlink(join(other.path, 'elsewhere'), join(other.path, 'backfills'));
  await expect(keepIn(other.path)({ name: 'b', offset: 0, verdicts: [{}] })).rejects.toThrow('leads elsewhere');
  await other.remove();
});
