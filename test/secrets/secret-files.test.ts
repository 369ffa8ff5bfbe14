import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createSecretFiles, type SecretFiles } from '../../src/secrets/secret-files.ts';

let directory: string;
let files: SecretFiles;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'secret-files-'));
  files = createSecretFiles(directory);
});
afterEach(() => rmSync(directory, { recursive: true }));

test('a secret is written for its owner only, with nothing left beside it', async () => {
  await files.write('file:algolia/prod/v8', 'the-key');
  const path = join(directory, 'algolia/prod/v8');
  expect(readFileSync(path, 'utf8')).toBe('the-key');
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(statSync(join(directory, 'algolia')).mode & 0o777).toBe(0o700);
  expect(readdirSync(join(directory, 'algolia/prod'))).toEqual(['v8']);
});

test('a secret that is there stays, unless it is the same', async () => {
  writeFileSync(join(directory, 'v8'), 'another-key\n');
  await files.write('file:v8', 'another-key');
  await expect(files.write('file:v8', 'the-key')).rejects.toThrow('secret file:v8: another secret is there already');
  await expect(files.assertWritable('file:v8')).rejects.toThrow('secret file:v8: there is a secret already');
  expect(readFileSync(join(directory, 'v8'), 'utf8')).toBe('another-key\n');
});

test('asking whether a secret can be written leaves nothing behind', async () => {
  await files.assertWritable('file:v9');
  expect(readdirSync(directory)).toEqual([]);
});

test('a secret is removed only while it is the one meant', async () => {
  writeFileSync(join(directory, 'v8'), 'the-key\n');
  await files.remove('file:v8', 'another-key');
  expect(readdirSync(directory)).toEqual(['v8']);
  await files.remove('file:v8', 'the-key');
  await files.remove('file:v8', 'the-key');
  expect(readdirSync(directory)).toEqual([]);
});

test.for(['file:../v8', 'file:/tmp/v8', 'file:a//b', 'file:a/../../b', 'file:', 'env:SECRET_V8'])(
  '%s is no place to write to',
  async (reference) => {
    await expect(files.write(reference, 'the-key')).rejects.toThrow(reference);
  },
);

test('a symlink does not lead out of the directory', async () => {
  const outside = mkdtempSync(join(tmpdir(), 'outside-'));
  mkdirSync(join(outside, 'deep'));
  symlinkSync(outside, join(directory, 'link'));
  await expect(files.write('file:link/deep/v8', 'the-key')).rejects.toThrow('outside of SECRETS_DIR');
  expect(readdirSync(join(outside, 'deep'))).toEqual([]);
  rmSync(outside, { recursive: true });
});

test('without a directory, and in one that cannot be written, the reason is told', async () => {
  await expect(createSecretFiles(undefined).write('file:v8', 'k')).rejects.toThrow('this worker has no SECRETS_DIR');
  const missing = createSecretFiles(join(directory, 'not-there'));
  await expect(missing.write('file:v8', 'k')).rejects.toThrow('cannot be written below SECRETS_DIR (ENOENT)');
});
