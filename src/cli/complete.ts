import { readdir } from 'node:fs/promises';
import type { Argument, Command, Option } from 'commander';

/** What a word may become. */
export interface Candidate {
  readonly value: string;
  readonly about?: string;
}

type Source = (typed: string) => Candidate[] | Promise<Candidate[]>;

const sources = new WeakMap<Argument | Option, Source>();

/** Says what an argument may be, where commander's `choices` would say too much: they refuse everything else. */
export function offer<T extends Argument | Option>(what: T, source: Source): T {
  sources.set(what, source);
  return what;
}

/** What the last of the words, which may be empty, can become. They are those after the program's name. */
export async function candidatesFor(program: Command, words: readonly string[]): Promise<Candidate[]> {
  const typed = words.at(-1) ?? '';
  const { command, place, awaiting } = walk(program, words.slice(0, -1));
  const candidates = awaiting ? await valuesOf(awaiting, typed) : await whatComesNext(command, place, typed);
  return candidates.filter(({ value }) => value.startsWith(typed));
}

interface Position {
  readonly command: Command;
  /** How many arguments stand already. */
  readonly place: number;
  /** The option whose value comes next. */
  readonly awaiting?: Option | undefined;
}

function walk(program: Command, words: readonly string[]): Position {
  let position: Position = { command: program, place: 0 };
  for (const word of words) {
    const { command, place, awaiting } = position;
    const inner = place === 0 ? command.commands.find((candidate) => candidate.name() === word) : undefined;
    if (awaiting) position = { command, place };
    else if (word.startsWith('-') && word !== '-') position = { command, place, awaiting: valuedOption(command, word) };
    else if (inner) position = { command: inner, place: 0 };
    else if (word !== 'help' || command.commands.length === 0) position = { command, place: place + 1 };
  }
  return position;
}

const valuedOption = (command: Command, word: string) =>
  command.options.find(({ long, short, required }) => required && (long === word || short === word));

async function whatComesNext(command: Command, place: number, typed: string): Promise<Candidate[]> {
  const help = command.createHelp();
  if (typed.startsWith('-') && typed !== '-')
    return help
      .visibleOptions(command)
      .flatMap(({ long, description }) => (long ? [{ value: long, about: firstLine(description) }] : []));
  if (command.commands.length > 0)
    return place > 0
      ? []
      : help
          .visibleCommands(command)
          .map((inner) => ({ value: inner.name(), about: help.subcommandDescription(inner) }));
  const { registeredArguments } = command;
  const last = registeredArguments.at(-1);
  const argument = registeredArguments[place] ?? (last?.variadic ? last : undefined);
  return argument ? valuesOf(argument, typed) : [];
}

async function valuesOf(what: Argument | Option, typed: string): Promise<Candidate[]> {
  return (await sources.get(what)?.(typed)) ?? (what.argChoices ?? []).map((value) => ({ value }));
}

const firstLine = (text: string) => text.split('\n')[0] ?? '';

/** Files and directories, as far as the path is typed; directories end with a slash. */
export async function offerFiles(typed: string): Promise<Candidate[]> {
  const directory = typed.slice(0, typed.lastIndexOf('/') + 1);
  const entries = await readdir(directory || '.', { withFileTypes: true }).catch(() => []);
  return entries
    .filter(({ name }) => !name.startsWith('.') || typed.slice(directory.length).startsWith('.'))
    .map((entry) => ({ value: `${directory}${entry.name}${entry.isDirectory() ? '/' : ''}` }));
}

/** For arguments that are JSON text, `@file` or `-`. */
export async function offerJson(typed: string): Promise<Candidate[]> {
  if (!typed.startsWith('@')) return [];
  return (await offerFiles(typed.slice(1))).map(({ value }) => ({ value: `@${value}` }));
}
