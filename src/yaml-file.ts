import type { z } from 'zod';
import { describeIssues } from './algolia/check-input.ts';
import { parseWorded } from './algolia/wording.ts';
import { ConfigError } from './config.ts';
import { readYaml } from './read-yaml.ts';

const STANDARD_INPUT = 0;

/** Reads and checks a file that people write, or standard input (`-`); throws {@link ConfigError} naming the file and every wrong place. JSON is YAML, too. */
export function readYamlFile<S extends z.ZodType>(path: string, schema: S): z.output<S> {
  const from = path === '-' ? 'standard input' : path;
  const fail = (why: string, cause?: unknown) => new ConfigError(`${from}: ${why}`, { cause });
  const parsed = parseWorded(schema, readYaml(path === '-' ? STANDARD_INPUT : path, fail));
  if (parsed.success) return parsed.data;
  throw new ConfigError(`${from}:\n  ${listPlaces(describeIssues(parsed.error.issues, ''))}`);
}

/** A place a line, without the dot that a path begins with; without a place, it is about all of it. */
const listPlaces = (issues: string): string => issues.replaceAll('; ', '\n  ').replace(/^( *)(\.|: )/gm, '$1');
