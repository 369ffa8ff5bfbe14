import type { Command } from 'commander';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createProgram } from '../../src/cli/program.ts';
import { checkOperation, checkWorkflow } from './check-argument.ts';
import { checkTemporal } from './check-temporal.ts';
import { ROOT } from './pages.ts';

/** Says what is wrong with a command's words, or nothing. A program of somebody else's has a reason instead of a check. */
type Check = ((words: readonly string[]) => string | undefined | Promise<string | undefined>) | { reason: string };

const SYSTEM = { reason: 'a program of the operating system' };
const CLUSTER = { reason: 'needs an engine or a cluster; what it is given is checked in test/deploy' };

/** Every command that a page may name. */
export const CHECKS: Readonly<Record<string, Check>> = {
  'algolia-ingestion': checkOwn,
  npm: checkNpm,
  node: checkNode,
  temporal: checkTemporal,
  docker: CLUSTER,
  kubectl: CLUSTER,
  helm: CLUSTER,
  git: { reason: 'clones and checks out; nothing of ours' },
  curl: { reason: 'asks a server that a reader has' },
  jq: { reason: 'reads what another command prints' },
  openssl: SYSTEM,
  cat: SYSTEM,
  chmod: SYSTEM,
  cp: SYSTEM,
  install: SYSTEM,
  kill: SYSTEM,
  mkdir: SYSTEM,
  mv: SYSTEM,
  sed: SYSTEM,
  sh: SYSTEM,
  sleep: SYSTEM,
};

export async function checkCommand([name = '', ...words]: readonly string[]): Promise<string | undefined> {
  const check = CHECKS[name];
  return typeof check === 'function' ? check(words) : undefined;
}

/** As the program itself would judge it, up to where it would begin to do something. */
async function checkOwn(words: readonly string[]): Promise<string | undefined> {
  if (words[0] === '…') return undefined;
  const program = await createProgram(words);
  let chosen: { name: string; args: readonly string[] } | undefined;
  disarm(program, (name, args) => (chosen = { name, args }));
  try {
    await program.parseAsync(words, { from: 'user' });
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    return code === 'commander.helpDisplayed' || code === 'commander.version' ? undefined : message;
  }
  const [subject = '', json] = chosen?.args ?? [];
  if (chosen?.name === 'start') return checkWorkflow(subject, json);
  if (chosen?.name === 'call') return checkOperation(subject, json);
  return undefined;
}

function disarm(command: Command, chosen: (name: string, args: readonly string[]) => void): void {
  command.exitOverride().configureOutput({ writeOut: () => {}, writeErr: () => {} });
  if (command.commands.length === 0) command.action(() => chosen(command.name(), command.args));
  for (const sub of command.commands) disarm(sub, chosen);
}

const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: Record<string, string> };
const NPM_COMMANDS = new Set([
  'ci',
  'cit',
  'start',
  'test',
  'audit',
  'ls',
  'sbom',
  'pack',
  'install',
  'publish',
  'link',
]);

function checkNpm(words: readonly string[]): string | undefined | Promise<string | undefined> {
  const end = words.indexOf('--');
  const own = end < 0 ? words : words.slice(0, end);
  const [command = '', script = ''] = own.filter((word) => !word.startsWith('-'));
  if (command !== 'run') return NPM_COMMANDS.has(command) ? undefined : `npm has no command ${command}`;
  if (!(script in scripts)) return `package.json has no script ${script}`;
  return script === 'cli' && end >= 0 ? checkOwn(words.slice(end + 1)) : undefined;
}

function checkNode([file = '']: readonly string[]): string | undefined {
  if (file.startsWith('-')) return undefined;
  const source = file.replace(/^dist\/(.*)\.js$/, 'src/$1.ts');
  return existsSync(join(ROOT, source)) ? undefined : `there is no ${source}`;
}
