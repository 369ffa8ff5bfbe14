import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { parse, printParseErrorCode, type ParseError } from 'jsonc-parser';
import { whyUnreadable } from '../message-of.ts';
import { CliError, EXIT } from './exit.ts';

export const JSON_HELP = 'JSON text, @file, or - for standard input';

/** The value that an argument gives as JSON text, as `@file`, or as `-` for standard input. */
export async function readJsonArgument(argument: string): Promise<unknown> {
  const { from, content } = await readSource(argument);
  const json = content.replace(/^\uFEFF/, '');
  try {
    return JSON.parse(json);
  } catch (error) {
    throw new CliError(`${from} is not JSON: ${locate(json, error)}`, EXIT.usage, error);
  }
}

async function readSource(argument: string): Promise<{ from: string; content: string }> {
  if (argument === '-') return { from: 'Standard input', content: await text(process.stdin) };
  if (!argument.startsWith('@')) return { from: 'The argument', content: argument };
  const file = argument.slice(1);
  try {
    return { from: file, content: await readFile(file, 'utf8') };
  } catch (error) {
    throw new CliError(`${file} can't be read: ${whyUnreadable(error)}`, EXIT.usage, error);
  }
}

/** `JSON.parse` names a position only sometimes. */
function locate(json: string, error: unknown): string {
  const errors: ParseError[] = [];
  parse(json, errors, { disallowComments: true });
  const [first] = errors;
  if (!first) return (error as Error).message;
  const before = json.slice(0, first.offset).split('\n');
  const place = `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`;
  const what = printParseErrorCode(first.error).replace(/(?<=[a-z])(?=[A-Z])/g, ' ');
  return `${place}: ${what.toLowerCase()}`;
}
