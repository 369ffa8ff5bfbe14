import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { findTemporalCli } from '../../scripts/temporal-cli.ts';

const scratchDir = mkdtempSync(join(tmpdir(), 'temporal-cli-test-'));
afterAll(() => rmSync(scratchDir, { recursive: true }));

let cacheDir: string;
let binDir: string;

beforeEach(() => {
  const dir = mkdtempSync(join(scratchDir, 'case-'));
  cacheDir = join(dir, 'cache');
  binDir = join(dir, 'bin');
});

const fetchers = {
  'the first way': () => Promise.reject(new Error('no route to host')),
  'the second way': (intoDir: string) => Promise.resolve(executable(intoDir, 'something')),
};

test('TEMPORAL_CLI_PATH wins over the PATH, the PATH over the cache', async () => {
  const chosen = executable(scratchDir, 'chosen');
  const onPath = executable(binDir, 'temporal');
  const cached = executable(cacheDir, 'temporal');
  const PATH = `/nowhere:${binDir}`;
  expect(await findTemporalCli({ env: { TEMPORAL_CLI_PATH: chosen, PATH }, cacheDir, fetchers })).toBe(chosen);
  expect(await findTemporalCli({ env: { PATH }, cacheDir, fetchers })).toBe(onPath);
  expect(await findTemporalCli({ env: {}, cacheDir, fetchers })).toBe(cached);
});

test('an older one on the PATH, or in the cache, is passed over, but not one that was chosen', async () => {
  const said = 'temporal version 1.8.3 (Server 1.31.2, UI 2.50.1)';
  const chosen = executable(binDir, 'temporal', said);
  executable(cacheDir, 'temporal', said);
  const fetched = await findTemporalCli({ env: { PATH: binDir }, cacheDir, fetchers });
  expect(readFileSync(fetched, 'utf8')).not.toContain(said);
  expect(await findTemporalCli({ env: { TEMPORAL_CLI_PATH: chosen }, cacheDir, fetchers })).toBe(chosen);
});

test('a TEMPORAL_CLI_PATH that leads nowhere is an error, not a reason to look elsewhere', async () => {
  const env = { TEMPORAL_CLI_PATH: '/nowhere/temporal' };
  await expect(findTemporalCli({ env, cacheDir, fetchers })).rejects.toThrow('TEMPORAL_CLI_PATH is /nowhere/temporal');
});

test('what is fetched is cached, and nothing else is left in the cache', async () => {
  const fetched = await findTemporalCli({ env: {}, cacheDir, fetchers });
  expect(fetched).toBe(join(cacheDir, 'temporal'));
  expect(readdirSync(cacheDir)).toEqual(['temporal']);
  expect(await findTemporalCli({ env: {}, cacheDir, fetchers: {} })).toBe(fetched);
});

test('several processes may fetch at once', async () => {
  const found = await Promise.all(Array.from({ length: 5 }, () => findTemporalCli({ env: {}, cacheDir, fetchers })));
  expect(new Set(found)).toEqual(new Set([join(cacheDir, 'temporal')]));
  expect(existsSync(found[0]!)).toBe(true);
});

test('when every way fails, the error says why each did and what to do', async () => {
  const failing = { ...fetchers, 'the second way': () => Promise.reject(new Error('pip: not found')) };
  executable(binDir, 'temporal', 'temporal version 1.5.1');
  await expect(findTemporalCli({ env: { PATH: binDir }, cacheDir, fetchers: failing })).rejects.toThrow(
    /temporal is older than 1\.9\.1; the first way: no route to host; the second way: pip: not found.*TEMPORAL_CLI_PATH/,
  );
  expect(readdirSync(cacheDir)).toEqual([]);
});

function executable(dir: string, name: string, says = 'temporal version 1.9.1'): string {
  mkdirSync(dir, { recursive: true });
  const path = join(dir, name);
  writeFileSync(path, `#!/bin/sh\necho '${says}'\n`);
  chmodSync(path, 0o755);
  return path;
}
