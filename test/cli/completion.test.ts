import { execFile, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { completionScripts, type Shell } from '../../src/cli/completion-scripts.ts';
import { compiled } from '../setup/compile.ts';
import { cliWith } from './run-cli.ts';

const isThere = (shell: Shell) => spawnSync(shell, ['-c', 'true']).status === 0;

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'completion-'));
  const program = join(directory, 'algolia-ingestion');
  writeFileSync(program, `#!/bin/sh\nexec '${process.execPath}' '${compiled('src/cli.ts')}' "$@"\n`);
  chmodSync(program, 0o755);
  writeFileSync(join(directory, 'source.json'), '{}');
  for (const [shell, script] of Object.entries(completionScripts)) writeFileSync(join(directory, shell), script);
});
afterAll(() => rmSync(directory, { recursive: true }));

/** What a shell prints that runs this, where the program is on its path and a file in its directory. */
async function run(shell: Shell, script: string): Promise<string[]> {
  const options = { cwd: directory, env: { PATH: `${directory}:${process.env.PATH}`, HOME: directory } };
  const { stdout } = await promisify(execFile)(shell, ['-c', script], options);
  return stdout.trim().split('\n');
}

const bash = (line: string) =>
  run(
    'bash',
    `source ./bash; COMP_LINE='${line}' COMP_POINT=${line.length}; _algolia_ingestion; printf '%s\\n' "\${COMPREPLY[@]}"`,
  );

test('bash completes', async () => {
  expect(await bash('algolia-ingestion call getTa')).toEqual(['getTask']);
  expect(await bash('algolia-ingestion schedules ')).toEqual(['apply', 'list', 'delete', 'help']);
  // bash takes the @ for a word of its own, and replaces only what follows.
  expect(await bash('algolia-ingestion call createSource @so')).toEqual(['source.json']);
});

test.skipIf(!isThere('fish'))('fish completes', async () => {
  const fish = (line: string) => run('fish', `source ./fish; complete -C '${line}'`);
  expect(await fish('algolia-ingestion call getTa')).toEqual(['getTask\tRetrieve a task']);
  expect(await fish('algolia-ingestion start --wait syncS')).toEqual(['syncSource']);
  const commands = (await fish('algolia-ingestion schedules ')).map((line) => line.split('\t')[0]);
  expect(new Set(commands)).toEqual(new Set(['apply', 'list', 'delete', 'help']));
});

test.skipIf(!isThere('zsh'))('zsh completes', async () => {
  const zsh = (...words: string[]) =>
    run(
      'zsh',
      `compdef() { }; compadd() { while [[ $1 != -a ]]; do shift; done; print -l -- "\${(@P)2}" }
      source ./zsh; words=(algolia-ingestion ${words.map((word) => `'${word}'`).join(' ')}); CURRENT=$#words; _algolia_ingestion`,
    );
  expect(await zsh('call', 'getTa')).toEqual(['getTask']);
  expect(await zsh('schedules', '')).toEqual(['apply', 'list', 'delete', 'help']);
  expect(await zsh('call', 'createSource', '@so')).toEqual(['@source.json']);
});

test('the scripts are printed, and another shell is wrong usage', async () => {
  const cli = cliWith({});
  expect(await cli(['completion', 'bash'])).toMatchObject({ code: 0, stdout: completionScripts.bash });
  const unknown = await cli(['completion', 'tcsh']);
  expect(unknown).toMatchObject({ code: 2, stderr: expect.stringContaining('Allowed choices are bash, zsh, fish.') });
});
