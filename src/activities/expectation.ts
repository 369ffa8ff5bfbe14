import { isDeepStrictEqual } from 'node:util';
import { runInNewContext } from 'node:vm';
import type { Expectation } from './inputs/deploy-transformation.ts';

/** A pattern that takes longer backtracks without end, and would hold up everything else. */
const MAX_MATCH_MS = 200;
const MAX_SHOWN = 300;

export interface Unmet {
  readonly path: string;
  /** Both in words. */
  readonly expected: string;
  readonly got: string;
}

/** How an expectation isn't met by what came out of one record; undefined where it is. Every output has to meet it. */
export function unmetBy(outputs: readonly unknown[], expectation: Expectation): Unmet | undefined {
  const path = pathText(expectation.path);
  const expected = inWords(expectation);
  if (outputs.length === 0)
    return expectation.exists === false ? undefined : { path, expected, got: 'nothing: the record is dropped' };
  const steps = pathSteps(expectation.path);
  for (const [place, output] of outputs.entries()) {
    const value = valueAt(output, steps);
    const verdict = isMet(value, expectation);
    if (verdict === true) continue;
    const which = outputs.length > 1 ? ` (output ${place + 1} of ${outputs.length})` : '';
    return { path, expected, got: `${verdict || (value === undefined ? 'nothing' : shown(value))}${which}` };
  }
  return undefined;
}

/** A string says why it can't be told. */
function isMet(value: unknown, { exists, equals, matches }: Expectation): boolean | string {
  if (exists !== undefined) return (value !== undefined) === exists;
  if (matches === undefined) return isDeepStrictEqual(value, equals);
  if (value === undefined) return false;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  try {
    const options = { timeout: MAX_MATCH_MS };
    return Boolean(runInNewContext('new RegExp(source, "u").test(text)', { source: matches, text }, options));
  } catch (error) {
    return `${shown(value)}, on which the pattern takes too long (${(error as Error).message})`;
  }
}

function valueAt(value: unknown, steps: readonly (string | number)[]): unknown {
  return steps.reduce<unknown>(
    (at, step) =>
      typeof at === 'object' && at !== null && Object.hasOwn(at, step)
        ? (at as Record<string, unknown>)[step]
        : undefined,
    value,
  );
}

function pathSteps(path: Expectation['path']): readonly (string | number)[] {
  return typeof path === 'string' ? path.replaceAll(/\[(\d+)\]/g, '.$1').split('.') : path;
}

const pathText = (path: Expectation['path']) => (typeof path === 'string' ? path : JSON.stringify(path));

function inWords({ exists, equals, matches }: Expectation): string {
  if (exists !== undefined) return exists ? 'a value' : 'nothing';
  return matches === undefined ? shown(equals) : `a match of /${matches}/u`;
}

function shown(value: unknown): string {
  const json = JSON.stringify(value);
  return json.length > MAX_SHOWN ? `${json.slice(0, MAX_SHOWN)}…` : json;
}
