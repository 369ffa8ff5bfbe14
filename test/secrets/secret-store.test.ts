import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createScrubber } from '../../src/secrets/scrubber.ts';
import { createSecretStore, readSecretFile, SecretUnavailable } from '../../src/secrets/secret-store.ts';

let root: string;
let directory: string;
const inDirectory = (name: string) => join(directory, name);

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'secrets-'));
  directory = join(root, 'secrets');
  mkdirSync(join(directory, 'shopify', 'deep'), { recursive: true });
  writeFileSync(join(root, 'outside'), 'outside-secret');
  mkdirSync(join(root, 'secrets-of-others'));
  writeFileSync(join(root, 'secrets-of-others', 'x'), 'outside-secret');
  writeFileSync(inDirectory('plain'), 'a-secret');
  writeFileSync(inDirectory('.hidden'), 'a-hidden-secret');
  writeFileSync(inDirectory('shopify/deep/token'), 'a-deep-secret');
  symlinkSync('shopify/deep/token', inDirectory('link-inside'));
  symlinkSync('../outside', inDirectory('link-outside'));
  symlinkSync('../secrets-of-others', inDirectory('others'));
  symlinkSync('/dev/zero', inDirectory('zero'));
  symlinkSync('nowhere', inDirectory('dangling'));
  symlinkSync('loop', inDirectory('loop'));
  execFileSync('mkfifo', [inDirectory('fifo')]);
});
afterAll(() => rmSync(root, { recursive: true }));

function store(variables: Record<string, string> = {}) {
  const scrubber = createScrubber();
  return { scrubber, ...createSecretStore({ variables, directory, scrubber }) };
}
const reveal = (reference: string, variables?: Record<string, string>) => store(variables).reveal(reference);

describe('env:', () => {
  const variables = { SECRET_A: 'value-of-a', SECRET_EMPTY: '', PATH: '/bin', SECRETS: 'x', secret_a: 'x' };

  test('reads a variable whose name begins with SECRET_', async () => {
    expect(await reveal('env:SECRET_A', variables)).toBe('value-of-a');
  });

  test.each(['env:PATH', 'env:SECRETS', 'env:secret_a', 'env:', 'env: SECRET_A', 'env:ALGOLIA_API_KEY'])(
    'reads no other: %s',
    async (reference) => {
      await expect(reveal(reference, variables)).rejects.toThrow(
        `secret ${reference}: only variables that begin with SECRET_ may be read`,
      );
    },
  );

  test.each(['env:SECRET_B', 'env:SECRET_EMPTY', 'env:SECRET_', 'env:SECRET___proto__'])(
    'a variable that is not set is no secret: %s',
    async (reference) => {
      await expect(reveal(reference, variables)).rejects.toThrow('not set');
    },
  );

  test('what every object has is no variable', async () => {
    const inherited = Object.create({ SECRET_INHERITED: 'x' }) as Record<string, string>;
    await expect(reveal('env:SECRET_INHERITED', inherited)).rejects.toThrow(SecretUnavailable);
  });
});

describe('file:', () => {
  test.each([
    ['file:plain', 'a-secret'],
    ['file:.hidden', 'a-hidden-secret'],
    ['file:shopify/deep/token', 'a-deep-secret'],
    ['file:./plain', 'a-secret'],
    ['file:shopify//deep/token', 'a-deep-secret'],
    ['file:link-inside', 'a-deep-secret'],
  ])('reads what lies below SECRETS_DIR: %s', async (reference, value) => {
    expect(await reveal(reference)).toBe(value);
  });

  test.each([
    'file:../outside',
    'file:shopify/../../outside',
    'file:..',
    'file:shopify/..',
    'file:..\\outside',
    'file:',
  ])('refuses a path that climbs: %s', async (reference) => {
    await expect(reveal(reference)).rejects.toThrow(`secret ${reference}: the path must lie below SECRETS_DIR`);
  });

  test('refuses an absolute path, even into SECRETS_DIR', async () => {
    await expect(reveal('file:/etc/passwd')).rejects.toThrow('must lie below SECRETS_DIR');
    await expect(reveal(`file:${inDirectory('plain')}`)).rejects.toThrow('must lie below SECRETS_DIR');
  });

  test('refuses a NUL in the path', async () => {
    await expect(reveal('file:plain\0.txt')).rejects.toThrow('must lie below SECRETS_DIR');
  });

  test.each(['file:link-outside', 'file:others/x', 'file:zero'])(
    'refuses a symlink that leads out: %s',
    async (reference) => {
      await expect(reveal(reference)).rejects.toThrow(`secret ${reference}: the file lies outside of SECRETS_DIR`);
    },
  );

  test.each(['file:missing', 'file:dangling', 'file:loop', 'file:plain/x', `file:${'x'.repeat(300)}`])(
    'says so when there is no such file: %s',
    async (reference) => {
      await expect(reveal(reference)).rejects.toThrow('there is no such file below SECRETS_DIR');
    },
  );

  test.each(['file:shopify', 'file:fifo', 'file:.'])('refuses what is no file: %s', async (reference) => {
    await expect(reveal(reference)).rejects.toThrow(SecretUnavailable);
  });

  test('refuses every file when there is no SECRETS_DIR', async () => {
    const without = createSecretStore({ variables: {}, directory: undefined, scrubber: createScrubber() });
    await expect(without.reveal('file:plain')).rejects.toThrow('this worker has no SECRETS_DIR');
  });

  test('reads a file anew each time, so that a replaced one counts at once', async () => {
    const again = store();
    writeFileSync(inDirectory('rotating'), 'first-value');
    expect(await again.reveal('file:rotating')).toBe('first-value');
    writeFileSync(inDirectory('rotating'), 'second-value');
    expect(await again.reveal('file:rotating')).toBe('second-value');
  });
});

test.each(['vault:x', 'x', '', 'ENV:SECRET_A', 'http://x'])(
  'no other kind of reference is known: %j',
  async (reference) => {
    await expect(reveal(reference)).rejects.toThrow('a reference begins with env: or file:');
  },
);

test('every value that was read is known to the scrubber from then on', async () => {
  const { scrubber, ...learned } = store({ SECRET_A: 'value-a' });
  expect(scrubber.scrub('value-a a-secret')).toBe('value-a a-secret');
  await learned.reveal('env:SECRET_A');
  await learned.reveal('file:plain');
  expect(scrubber.scrub('value-a a-secret')).toBe('[secret] [secret]');
});

describe('a secret file', () => {
  const fail = (why: string): never => {
    throw new Error(why);
  };
  const written = (content: string | Buffer) => {
    writeFileSync(inDirectory('written'), content);
    return readSecretFile(inDirectory('written'), fail);
  };

  test('is taken without its last line break', async () => {
    expect(await written('value\n')).toBe('value');
    expect(await written('value\r\n')).toBe('value');
    expect(await written('two\nlines\n')).toBe('two\nlines');
    expect(await written('value\n\n')).toBe('value\n');
    expect(await written('  spaced  \n')).toBe('  spaced  ');
  });

  test.each(['', '\n', '\r\n'])('must hold something: %j', async (content) => {
    await expect(written(content)).rejects.toThrow('the file is empty');
  });

  test('may be 64 KiB large', async () => {
    expect((await written('x'.repeat(65_536))).length).toBe(65_536);
    await expect(written('x'.repeat(65_537))).rejects.toThrow('the file is larger than 65536 bytes');
  });

  test.each(['/dev/null', '/dev/zero', '/dev/stdin', '/dev'])('is no device and no directory: %s', async (path) => {
    await expect(readSecretFile(path, fail)).rejects.toThrow(/it is not a regular file|cannot be read/);
  });

  test('is no pipe, which is not waited for', async () => {
    await expect(readSecretFile(inDirectory('fifo'), fail)).rejects.toThrow('it is not a regular file');
  });

  test('is no socket', async () => {
    const server = createServer().listen(inDirectory('socket'));
    await once(server, 'listening');
    await expect(readSecretFile(inDirectory('socket'), fail)).rejects.toThrow(/cannot be read|not a regular file/);
    server.close();
  });

  test.skipIf(process.getuid?.() === 0)('must be readable', async () => {
    writeFileSync(inDirectory('locked'), 'x');
    chmodSync(inDirectory('locked'), 0o000);
    await expect(readSecretFile(inDirectory('locked'), fail)).rejects.toThrow('the file cannot be read');
  });

  test('never shows its content in an error', async () => {
    writeFileSync(inDirectory('large'), `top-secret${'x'.repeat(70_000)}`);
    const error = (await reveal('file:large').catch((reason: unknown) => reason)) as Error;
    expect(String(error)).toBe('SecretUnavailable: secret file:large: the file is larger than 65536 bytes');
  });
});

test('the value of a variable that is too long for a word is known before it was read: another worker may have sent it', () => {
  const { scrubber } = store({ SECRET_A: 'correct-horse', SECRET_B: 'word' });
  expect(scrubber.scrub('a word of correct-horse')).toBe('a word of [secret]');
});
