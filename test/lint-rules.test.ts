import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** A tree of its own with this project's configuration: in the checkout, the snippets would fail everybody's lint. */
const scratchDir = mkdtempSync(join(tmpdir(), 'lint-rules-'));
afterAll(() => rmSync(scratchDir, { recursive: true }));

const IMPORTS = 'eslint(no-restricted-imports)';
const PROCESS_ENV = 'node(no-process-env)';

/** The file the snippet stands in, the snippet, and the rule that must report it (none: it must pass). */
const CASES: [file: string, code: string, rule: string | undefined][] = [
  ['src/operations/a.ts', `export { z } from 'zod';`, undefined],
  ['src/operations/b.ts', `export { z as y } from './a.ts';`, undefined],
  ['src/operations/c.ts', `export { request } from 'undici';`, IMPORTS],
  ['src/operations/d.ts', `export { join } from 'node:path';`, IMPORTS],
  ['src/operations/e.ts', `export { a } from '../activities/a.ts';`, IMPORTS],

  ['src/algolia/a.ts', `export { request } from 'undici';`, undefined],
  ['src/algolia/b.ts', `export { z } from '../operations/a.ts';`, undefined],
  ['src/algolia/c.ts', `export { gunzip } from 'node:zlib';`, undefined],
  ['src/algolia/d.ts', `import type { ZodType } from 'zod';\nexport type T = ZodType;`, undefined],
  ['src/algolia/e.ts', `export { z } from 'zod';`, IMPORTS],
  ['src/algolia/f.ts', `export { a } from '../activities/a.ts';`, IMPORTS],
  ['src/algolia/g.ts', `export { log } from '@temporalio/activity';`, IMPORTS],

  ['src/secrets/a.ts', `export { readFile } from 'node:fs/promises';`, undefined],
  ['src/secrets/b.ts', `export { a } from '../activities/a.ts';`, IMPORTS],

  ['src/activities/a.ts', `import { log } from '@temporalio/activity';\nexport const a = log;`, undefined],
  ['src/activities/b.ts', `import type { p } from '../workflows/proxies.ts';\nexport type P = typeof p;`, undefined],
  ['src/activities/c.ts', `export { p } from '../workflows/proxies.ts';`, IMPORTS],
  ['src/activities/d.ts', `export { loadConfig } from '../config.ts';`, IMPORTS],
  ['src/activities/e.ts', `export { sleep } from '@temporalio/workflow';`, IMPORTS],
  ['src/activities/f/g.ts', `export { p } from '../../workflows/proxies.ts';`, IMPORTS],

  ['src/workflows/proxies.ts', `import { sleep } from '@temporalio/workflow';\nexport const p = sleep;`, undefined],
  ['src/workflows/b.ts', `export { p } from './proxies.ts';`, undefined],
  ['src/workflows/c.ts', `import type { z } from '../operations/a.ts';\nexport type Z = z.ZodType;`, undefined],
  ['src/workflows/d.ts', `import type { a } from '../activities/a.ts';\nexport type A = typeof a;`, undefined],
  ['src/workflows/e.ts', `import type { ZodType } from 'zod';\nexport type T = ZodType;`, undefined],
  ['src/workflows/f.ts', `export { z } from 'zod';`, IMPORTS],
  ['src/workflows/g.ts', `export { z } from '../operations/a.ts';`, IMPORTS],
  ['src/workflows/h.ts', `export * from '../activities/a.ts';`, IMPORTS],
  ['src/workflows/i.ts', `export const z = () => import('zod');`, IMPORTS],
  ['src/workflows/j.ts', `export { join } from 'node:path';`, IMPORTS],
  ['src/workflows/k.ts', `export { Client } from '@temporalio/client';`, IMPORTS],
  ['src/workflows/l.ts', `export const answer = () => fetch('http://localhost');`, 'eslint(no-restricted-globals)'],
  [
    'src/workflows/m.ts',
    `import { type z } from '../operations/a.ts';\nexport type Z = z.ZodType;`,
    'typescript(no-import-type-side-effects)',
  ],
  ['src/workflows/o.ts', `export { executeChild } from '@temporalio/workflow';`, IMPORTS],
  ['src/workflows/steps/f.ts', `export { executeChild } from '@temporalio/workflow';`, IMPORTS],
  ['src/workflows/q.ts', `export { patched } from '@temporalio/workflow';`, IMPORTS],
  ['src/workflows/steps/q.ts', `export { patched } from '@temporalio/workflow';`, IMPORTS],
  ['src/workflows/steps/a.ts', `export { p } from '../proxies.ts';`, undefined],
  ['src/workflows/steps/b.ts', `export { sleep } from '@temporalio/workflow';`, undefined],
  [
    'src/workflows/steps/c.ts',
    `import type { z } from '../../operations/a.ts';\nexport type Z = z.ZodType;`,
    undefined,
  ],
  ['src/workflows/steps/d.ts', `export { z } from '../../operations/a.ts';`, IMPORTS],
  ['src/workflows/steps/e.ts', `export { z } from 'zod';`, IMPORTS],

  ['src/a.ts', `export { p } from './workflows/proxies.ts';`, undefined],
  ['src/b.ts', `export { demo } from '../scripts/demo.ts';`, IMPORTS],
  ['src/c.ts', `export { start } from '../simulator/main.ts';`, IMPORTS],
  ['src/activities/h.ts', `export { t } from '../../test/setup/t.ts';`, IMPORTS],
  ['src/workflows/n.ts', `import type { T } from '../../test/setup/t.ts';\nexport type U = T;`, IMPORTS],

  ['src/config.ts', `export const loadConfig = (env = process.env) => env;`, undefined],
  ['src/d.ts', `export const level = process.env.LOG_LEVEL;`, PROCESS_ENV],
  ['src/e.ts', `export { env } from 'node:process';`, IMPORTS],
  ['src/algolia/h.ts', `import process from 'node:process';\nexport const { env } = process;`, IMPORTS],
  ['scripts/a.ts', `export const level = process.env.LOG_LEVEL;`, undefined],

  ['src/f.ts', `export function f() { Promise.resolve(); }`, 'typescript(no-floating-promises)'],
  [
    'src/g.ts',
    `import { p } from './workflows/proxies.ts';\nexport type P = typeof p;`,
    'typescript(consistent-type-imports)',
  ],
  ['src/h.ts', `const unused = 1;\nexport {};`, 'eslint(no-unused-vars)'],
  ['src/cycle-a.ts', `import { b } from './cycle-b.ts';\nexport const a = () => b;`, 'import(no-cycle)'],
  ['src/cycle-b.ts', `import { a } from './cycle-a.ts';\nexport const b = () => a;`, 'import(no-cycle)'],
  ['src/i.ts', `export default 1;`, 'import(no-default-export)'],
];

describe('the linter', () => {
  const reported = new Map<string, string[]>();

  beforeAll(async () => {
    for (const config of ['.oxlintrc.json', 'tsconfig.json', 'package.json']) {
      cpSync(join(ROOT, config), join(scratchDir, config));
    }
    symlinkSync(join(ROOT, 'node_modules'), join(scratchDir, 'node_modules'));
    for (const [file, code] of CASES) {
      mkdirSync(dirname(join(scratchDir, file)), { recursive: true });
      writeFileSync(join(scratchDir, file), `${code}\n`);
    }
    for (const { filename, code } of await lint()) reported.set(filename, [...(reported.get(filename) ?? []), code]);
  });

  test.each(CASES.filter(([, , rule]) => rule))('refuses in %s: %s', (file, _code, rule) => {
    expect(reported.get(file)).toContain(rule);
  });

  test.each(CASES.filter(([, , rule]) => !rule))('allows in %s: %s', (file) => {
    expect(reported.get(file)).toBeUndefined();
  });
});

async function lint(): Promise<{ filename: string; code: string }[]> {
  const oxlint = join(ROOT, 'node_modules', '.bin', 'oxlint');
  const config = join(scratchDir, '.oxlintrc.json');
  const args = ['--config', config, '--format', 'json', '.'];
  const printed = await new Promise<string>((settle) => {
    execFile(oxlint, args, { cwd: scratchDir }, (_failed, stdout) => settle(stdout));
  });
  return (JSON.parse(printed) as { diagnostics: { filename: string; code: string }[] }).diagnostics;
}
