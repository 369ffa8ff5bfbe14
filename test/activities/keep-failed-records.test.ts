import { afterEach, beforeEach, expect, test } from 'vitest';
import { createKeepFailedRecords } from '../../src/activities/keep-failed-records.ts';
import { openSource } from '../../src/activities/push-source.ts';
import { checkRecord } from '../../src/records/check-record.ts';
import { START } from '../../src/records/item.ts';
import { openRecords } from '../../src/records/open-records.ts';
import { makeRecordsDirectory, type RecordsDirectory } from '../setup/records-directory.ts';
import { attempt } from './setup.ts';

const MAX_BYTES = 10_000;
let files: RecordsDirectory;
beforeEach(async () => {
  files = await makeRecordsDirectory();
});
afterEach(() => files.remove());

test('the failed records of a formatted array can be read again: each is on a line of its own', async () => {
  const records = ['a', 'b', 'c'].map((objectID) => ({ objectID, price: { amount: 1 }, text: 'two\nlines' }));
  const { uri } = await files.writeText(JSON.stringify(records, null, 2), 'records.json');
  const access = { directory: files.path, hosts: [], userAgent: 'test' };
  const { version, close } = await openRecords({ uri }, access);
  await close();

  const source = { recordsRef: { uri }, version };
  const failed = [{ from: { ...START, items: 1, lines: 1 }, items: 2 }];
  const kept = await attempt(createKeepFailedRecords(access), { source, failed, maxBytes: MAX_BYTES }).result;
  const recordsRef = kept.failedRef ?? { uri: '' };
  const again = await openRecords(recordsRef, access);
  await again.close();
  const opened = await openSource({ recordsRef, version: again.version }, access, { from: START, maxBytes: MAX_BYTES });
  const read: unknown[] = [];
  for await (const items of opened.items)
    for (const item of items) {
      const check = checkRecord(item, MAX_BYTES);
      read.push(check.ok ? check.record.members : check.why);
    }
  await opened.close();
  expect(read).toEqual(records.slice(1));
});
