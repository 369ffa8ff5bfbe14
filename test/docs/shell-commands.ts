import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What stands for `<workflow-id>` and the like. */
export const PLACEHOLDER = 'PLACEHOLDER';
/** A loop of a page that waits for something waits for good when nothing is done. */
const TIMEOUT_MS = 20_000;

export interface ShellCommands {
  /** Each with its words, as the shell would pass them on. */
  readonly commands: readonly (readonly string[])[];
  /** What the shell has to say: a syntax error, a command that isn't among the known ones. */
  readonly complaints: string;
}

/**
 * Which commands a script would run, found by letting bash run it where nothing can be done: each of the known commands only
 * writes down its words, and there are no others.
 */
export function shellCommands(script: string, known: readonly string[]): ShellCommands {
  const directory = mkdtempSync(join(tmpdir(), 'docs-'));
  try {
    const record = join(directory, 'commands');
    // Where a reader's shell has its completions.
    mkdirSync(join(directory, '.config', 'fish', 'completions'), { recursive: true });
    writeFileSync(record, '');
    const stubs = known.map((name) => `${name}() { printf '%s\\0' "$#" ${name} "$@" >>"$RECORD"; }`);
    const stubbed = `${[...stubs, 'cd() { :; }', 'PATH=/nonexistent'].join('; ')}\n${script.replace(/<[a-z][\w -]*>/gi, PLACEHOLDER)}`;
    const { error, stderr } = spawnSync('bash', ['--noprofile', '--norc', '-c', stubbed], {
      cwd: directory,
      env: { PATH: process.env.PATH, HOME: directory, RECORD: record },
      stdio: ['ignore', 'ignore', 'pipe'],
      encoding: 'utf8',
      timeout: TIMEOUT_MS,
    });
    const words = readFileSync(record, 'utf8').split('\0').slice(0, -1);
    const commands: string[][] = [];
    while (words.length > 0) commands.push(words.splice(0, Number(words.shift()) + 1));
    return { commands, complaints: error?.message ?? stderr.trim().replace(/^bash: line \d+: /gm, '') };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
