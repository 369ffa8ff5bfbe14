import { execFile } from 'node:child_process';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const COMPILED = join(ROOT, '.cache', 'compiled');

/** Where a TypeScript file of this repository stands compiled: a process that runs that starts in a third of the time it takes with tsx. */
export const compiled = (file: string) => join(COMPILED, file.replace(/\.ts$/, '.js'));

/** Runs once before all test files. What has not changed since the last time isn't compiled again. */
export async function setup(): Promise<void> {
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  await promisify(execFile)(process.execPath, [tsc, '-p', 'tsconfig.compiled.json'], { cwd: ROOT });
  await copyFile(join(ROOT, 'package.json'), join(COMPILED, 'package.json'));
}
