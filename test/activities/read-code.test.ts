import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createReadCode } from '../../src/activities/read-code.ts';
import { makeRecordsDirectory, type RecordsDirectory } from '../setup/records-directory.ts';

let directory: RecordsDirectory;
let readCode: ReturnType<typeof createReadCode>;
beforeAll(async () => {
  directory = await makeRecordsDirectory();
  readCode = createReadCode(directory.path);
});
afterAll(() => directory.remove());

test('a file is read as it stands', async () => {
  const code = '// “quotes” and ends\r\nasync function transform(record) {}\n';
  const { uri } = await directory.writeText(code, 'films.js');
  expect(await readCode({ codeRef: uri })).toBe(code);
});

test.for([
  ['too large', 'x'.repeat(200_001), /more than 200 kB of code/],
  ['empty', ' \n', /there is no code in it/],
  ['not text', Buffer.from([0xff, 0xfe, 0x00]), /not UTF-8/],
] as const)('a file that is %s is refused', async ([what, content, message]) => {
  const { uri } = await directory.writeText(content as string, `${what}.js`);
  await expect(readCode({ codeRef: uri })).rejects.toMatchObject({
    type: 'RecordsInvalid',
    message: expect.stringMatching(message),
    nonRetryable: true,
  });
});

test('no path leads out of RECORDS_DIR', async () => {
  await symlink('/etc/hostname', join(directory.path, 'link.js'));
  for (const codeRef of ['file:../x.js', 'file:/etc/hostname', 'file:link.js'])
    await expect(readCode({ codeRef })).rejects.toMatchObject({ type: 'RecordsRefused' });
  await expect(createReadCode(undefined)({ codeRef: 'file:x.js' })).rejects.toMatchObject({
    message: 'file:x.js: this worker has no RECORDS_DIR',
  });
});
