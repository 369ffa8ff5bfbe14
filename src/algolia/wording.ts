import type { z } from 'zod';
import { didYouMean } from './near-names.ts';

type Issue = z.core.$ZodRawIssue;

/** What the wording keeps with unknown fields: those that the schema has and the input hasn't. */
interface UnknownFields {
  readonly keys: readonly string[];
  readonly known?: readonly string[];
}

/**
 * What a person has written, checked: what is wrong with it is said without zod's own terms. With the wording zod takes ten times as
 * long, 3 µs for a small input, so it is had only once something is wrong.
 */
export function parseWorded<S extends z.ZodType>(schema: S, value: unknown): z.ZodSafeParseResult<z.output<S>> {
  const parsed = schema.safeParse(value);
  return parsed.success ? parsed : schema.safeParse(value, wording);
}

const wording = {
  error(issue: Issue): string | undefined {
    switch (issue.code) {
      case 'invalid_type':
        return `expected ${TYPE_NAMES[issue.expected] ?? issue.expected}${butIs(issue.input, issue.expected)}`;
      case 'invalid_value':
        return oneOf(issue.values.map(quoted), issue.input);
      case 'invalid_union':
        return discriminated(issue);
      case 'too_small':
        if (issue.origin === 'string' && issue.minimum === 1) return 'may not be empty';
        return `expected at least ${amount(issue.minimum, issue.origin)}`;
      case 'too_big':
        return `expected at most ${amount(issue.maximum, issue.origin)}`;
      case 'unrecognized_keys':
        Object.assign(issue, { known: fieldsLeft(issue) } satisfies Partial<UnknownFields>);
        return undefined;
      default:
        return undefined;
    }
  },
};

const TYPE_NAMES: Readonly<Record<string, string>> = { int: 'a whole number', record: 'object' };

function butIs(input: unknown, expected: string): string {
  if (input === undefined) return ', but it is missing';
  if (expected === 'int' && typeof input === 'number') return '';
  return `, received ${kindOf(input)}`;
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

const quoted = (value: unknown) => (typeof value === 'string' ? `"${value}"` : String(value));

const oneOf = (values: readonly string[], input: unknown) =>
  `expected ${values.length > 1 ? 'one of ' : ''}${values.join(', ')}${input === undefined ? ', but it is missing' : ''}`;

/** Variants that are told apart by a field of theirs. */
function discriminated({ options, discriminator, input }: Issue): string | undefined {
  if (!Array.isArray(options) || typeof discriminator !== 'string') return undefined;
  return oneOf(options.map(quoted), (input as Readonly<Record<string, unknown>> | undefined)?.[discriminator]);
}

function amount(limit: number | bigint, origin: string): string {
  const [one, many] = UNITS[origin] ?? ['', ''];
  return `${limit}${Number(limit) === 1 ? one : many}`;
}

const UNITS: Readonly<Record<string, readonly [string, string]>> = {
  string: [' character', ' characters'],
  array: [' item', ' items'],
};

/** Those that could have been meant: what is there isn't. */
function fieldsLeft({ inst, input = {} }: Issue): readonly string[] {
  const { shape = {} } = (inst as { _zod?: { def: { shape?: object } } } | undefined)?._zod?.def ?? {};
  return Object.keys(shape).filter((name) => !Object.hasOwn(input as object, name));
}

/** The fields that a name may have been meant for, to be said behind it. */
export function suggestField(name: string, { known = [] }: UnknownFields): string {
  const hint = didYouMean(
    name,
    known.filter((field) => !endsLike(field, name) && !endsLike(name, field)),
  );
  return hint ? ` (${hint.replace('Did', 'did')})` : '';
}

/** More than these are better read where they are documented. */
const MAX_OTHERS = 8;

/** The fields that could stand in place of an unknown one, to be said behind it where none of them is near. */
export const otherFields = ({ known = [] }: UnknownFields): string =>
  known.length > 0 && known.length <= MAX_OTHERS ? ` (others here: ${known.join(', ')})` : '';

/** `subscriptionAction` is another thing than `action`, and `shopURL` than `url`; `$secret` is a slip. */
const endsLike = (long: string, short: string): boolean =>
  long.length - short.length > 2 && long.toLowerCase().lastIndexOf(short.toLowerCase()) > 0;
