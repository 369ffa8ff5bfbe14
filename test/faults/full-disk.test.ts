import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { compiled } from '../setup/compile.ts';

test('what fits on the disk only in part is an error, and no half of a secret is left behind', () => {
  const directory = mkdtempSync(join(tmpdir(), 'full-disk-'));
  const child = 'ulimit -f 4; exec "$0" "$1" "$2"';
  const said = execFileSync(
    'sh',
    ['-c', child, process.execPath, compiled('test/faults/full-disk-child.ts'), directory],
    {
      env: { PATH: process.env.PATH },
      stdio: ['ignore', 'pipe', 'ignore'],
      encoding: 'utf8',
    },
  );
  rmSync(directory, { recursive: true });
  expect(JSON.parse(said)).toEqual({ kept: { code: 'EFBIG' }, secret: { code: 'EFBIG' }, left: [] });
});
