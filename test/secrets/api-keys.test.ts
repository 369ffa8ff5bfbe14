import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, test, vi } from 'vitest';
import { configuredApiKeys } from '../../src/secrets/api-keys.ts';
import { createScrubber } from '../../src/secrets/scrubber.ts';

let directory: string;
let file: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'api-keys-'));
  file = join(directory, 'key');
});
afterAll(() => rmSync(directory, { recursive: true }));

test('a key from the environment is the one there is', async () => {
  const scrubber = createScrubber();
  const keys = configuredApiKeys({ value: 'the-key' }, scrubber);
  expect(await keys.current()).toEqual({ value: 'the-key', version: 'env' });
  expect(await keys.refresh()).toEqual({ value: 'the-key', version: 'env' });
  expect(scrubber.scrub('the-key')).toBe('[secret]');
});

describe('a key from a file', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['Date'] });
    writeFileSync(file, 'key-1\n');
  });
  afterEach(() => void vi.useRealTimers());

  test('is read when it is first asked for, without its line break', async () => {
    const keys = configuredApiKeys({ file }, createScrubber());
    expect(await keys.current()).toEqual({ value: 'key-1', version: 'file' });
  });

  test('is taken for current for five seconds', async () => {
    const keys = configuredApiKeys({ file }, createScrubber());
    await keys.current();
    writeFileSync(file, 'key-2');
    vi.advanceTimersByTime(4_999);
    expect((await keys.current()).value).toBe('key-1');
    vi.advanceTimersByTime(1);
    expect((await keys.current()).value).toBe('key-2');
  });

  test('is read at once when the one in hand was refused', async () => {
    const keys = configuredApiKeys({ file }, createScrubber());
    await keys.current();
    writeFileSync(file, 'key-2');
    expect((await keys.refresh()).value).toBe('key-2');
    expect((await keys.current()).value).toBe('key-2');
  });

  test('is known to the scrubber, and so is every one before it', async () => {
    const scrubber = createScrubber();
    const keys = configuredApiKeys({ file }, scrubber);
    await keys.current();
    writeFileSync(file, 'key-2');
    await keys.refresh();
    expect(scrubber.scrub('key-1 key-2')).toBe('[secret] [secret]');
  });

  test('outlives the moment in which its file is missing, empty or half-written', async () => {
    const keys = configuredApiKeys({ file }, createScrubber());
    await keys.current();
    for (const spoil of [() => rmSync(file), () => writeFileSync(file, ''), () => writeFileSync(file, 'two\nlines')]) {
      spoil();
      expect((await keys.refresh()).value).toBe('key-1');
    }
    writeFileSync(file, 'key-2');
    expect((await keys.refresh()).value).toBe('key-2');
  });

  test.each([
    ['missing', () => rmSync(file), 'ALGOLIA_API_KEY_FILE: the file cannot be read'],
    ['empty', () => writeFileSync(file, '\n'), 'ALGOLIA_API_KEY_FILE: the file is empty'],
    [
      'no header value',
      () => writeFileSync(file, 'one\ntwo'),
      'ALGOLIA_API_KEY_FILE: .*holds characters that no header may',
    ],
  ])('that is %s from the start says so, naming the variable and no value', async (_, spoil, message) => {
    spoil();
    const keys = configuredApiKeys({ file }, createScrubber());
    await expect(keys.current()).rejects.toThrow(new RegExp(`^${message}$`));
  });
});
