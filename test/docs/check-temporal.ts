import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { findTemporalCli } from '../../scripts/temporal-cli.ts';
import { checkOperation, checkWorkflow } from './check-argument.ts';

const run = promisify(execFile);
const HELD_TO_NAMES = ['-h', '--help', '--version'];

interface Help {
  readonly usage: string;
  /** A flag's other names are those of the same object. */
  readonly flags: ReadonlyMap<string, Flag>;
}

interface Flag {
  readonly name: string;
  readonly takesValue: boolean;
  readonly required: boolean;
}

/** Holds the words of a `temporal` command against the CLI's own help: its commands, their flags, and which are required. */
export async function checkTemporal(words: readonly string[]): Promise<string | undefined> {
  const flagAt = words.findIndex((word) => word.startsWith('-'));
  const path = words.slice(0, flagAt < 0 ? words.length : flagAt);
  const help = await helpOf(path);
  if (!help.usage.startsWith(['temporal', ...path].join(' '))) return `temporal has no command '${path.join(' ')}'`;
  const given = new Map<string, string>();
  for (let place = path.length; place < words.length; place += 1) {
    const [name = '', inline] = (words[place] as string).split(/=(.*)/s);
    if (HELD_TO_NAMES.includes(name)) return undefined;
    const flag = help.flags.get(name) ?? (await globalFlags()).get(name);
    if (!flag) return name.startsWith('-') ? `'${path.join(' ')}' has no flag ${name}` : `'${name}' belongs to no flag`;
    given.set(flag.name, inline ?? (flag.takesValue ? (words[(place += 1)] ?? '') : ''));
  }
  const missing = [...help.flags.values()].find(({ name, required }) => required && !given.has(name));
  if (missing) return `'${path.join(' ')}' needs ${missing.name}`;
  const [type, input] = [given.get('--type'), given.get('--input')];
  if (type === undefined) return undefined;
  return path[0] === 'activity' ? checkOperation(type, input) : checkWorkflow(type, input);
}

const helps = new Map<string, Promise<Help>>();

function helpOf(path: readonly string[]): Promise<Help> {
  const name = path.join(' ');
  const help = helps.get(name) ?? readHelp([...path, '--help']);
  helps.set(name, help);
  return help;
}

async function readHelp(args: readonly string[]): Promise<Help> {
  const text = await ask(args);
  const [, usage = ''] = /^Usage:\n\s*(.*)$/m.exec(text) ?? [];
  const flags = new Map<string, Flag>();
  // Each flag and what is said of it, up to the next one.
  for (const [, short, long = '', type, about = ''] of text
    .slice(text.indexOf('Flags:'))
    .matchAll(/^ +(?:(-\w), )?(--[\w-]+)(?: (\S+))? ((?:.*)(?:\n {20,}.*)*)/gm)) {
    const flag = {
      name: long,
      takesValue: type !== undefined,
      required: / Required\./.test(about.replace(/\s+/g, ' ')),
    };
    const aliases = [...about.matchAll(/"(--[\w-]+)"/g)].map(([, alias]) => alias);
    for (const name of [short, long, ...(/[Aa]liased/.test(about) ? aliases : [])]) if (name) flags.set(name, flag);
  }
  return { usage, flags };
}

let global: Promise<ReadonlyMap<string, Flag>> | undefined;

/** What every command takes. */
const globalFlags = () => (global ??= readGlobalFlags());

async function readGlobalFlags(): Promise<ReadonlyMap<string, Flag>> {
  const flags = new Map<string, Flag>();
  for (const [, long = '', short, type] of (await ask(['options'])).matchAll(
    /^ +(--[\w-]+)(?:, (-\w))?(?: (\S+))? {2,}/gm,
  )) {
    const flag = { name: long, takesValue: type !== undefined, required: false };
    for (const name of [long, short]) if (name) flags.set(name, flag);
  }
  return flags;
}

async function ask(args: readonly string[]): Promise<string> {
  return (await run(await findTemporalCli(), [...args], { env: { PATH: process.env.PATH } })).stdout;
}
