import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly message: string;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

/** `npm run flake -- 20 [files…]`: runs the tests so many times, and tells which of them don't always come to the same. */
const [times = '20', ...files] = process.argv.slice(2);
const runs = Number(times);
const directory = mkdtempSync(join(tmpdir(), 'flake-'));
const report = join(directory, 'report.json');
const failures = new Map<string, number>();
for (let run = 1; run <= runs; run += 1) {
  const startedAt = Date.now();
  rmSync(report, { force: true });
  spawnSync('npx', ['vitest', 'run', ...files], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, VITEST_JSON_FILE: report },
  });
  const failed = failedTests(report);
  for (const name of failed) failures.set(name, (failures.get(name) ?? 0) + 1);
  console.log(`run ${run} of ${runs}: ${failed.length} failed, ${Math.round((Date.now() - startedAt) / 1_000)} s`);
}
for (const [name, count] of failures) console.log(`${count} of ${runs} × ${name}`);
rmSync(directory, { recursive: true });
process.exitCode = failures.size > 0 ? 1 : 0;

/** A file that can't even be loaded counts as one, and so does a run that says nothing. */
function failedTests(file: string): string[] {
  let parsed: Report;
  try {
    parsed = JSON.parse(readFileSync(file, 'utf8')) as Report;
  } catch {
    return ['the whole run'];
  }
  return parsed.testResults.flatMap(({ name, message, assertionResults }) => {
    const failed = assertionResults.filter(({ status }) => status === 'failed').map(({ fullName }) => fullName);
    return failed.length === 0 && message ? [name] : failed;
  });
}
