import type { z } from 'zod';
import { NOW_IN_HISTORY, type BodyPlace } from '../operations/operation.ts';
import { AlgoliaError } from './algolia-error.ts';
import { otherFields, parseWorded, suggestField } from './wording.ts';

/** Parses an operation's argument, or throws `AlgoliaInvalid` naming every wrong place. Nothing has been sent then. */
export function checkInput<O extends { readonly input: z.ZodType; readonly body?: BodyPlace }>(
  name: string,
  operation: O,
  input: unknown,
): z.output<O['input']> {
  const parsed = parseWorded<O['input']>(
    operation.input,
    input ?? (operation.body?.from === 'argument' ? undefined : {}),
  );
  if (parsed.success) return parsed.data;
  throw new AlgoliaError(
    'AlgoliaInvalid',
    `${name}: ${asSentence(describeIssues(parsed.error.issues, 'input'))} Nothing was sent.`,
    { operation: name },
  );
}

/** Some reasons end with a question: did you mean this? */
export const asSentence = (text: string): string => (text.endsWith('?') ? text : `${text}.`);

/** An input may be wrong in a hundred thousand places, and a failure that names them all is more than Temporal takes. */
const MAX_PLACES = 20;
const MAX_NAME_CHARACTERS = 100;

/** `input.sourceUpdate.input.url: expected string, received number; …` */
export function describeIssues(issues: readonly z.core.$ZodIssue[], root: string): string {
  const placesOf = (some: typeof issues) => some.flatMap((issue) => describeIssue(issue, root));
  const all = placesOf(issues);
  if (all.length <= MAX_PLACES) return all.map((describe) => describe()).join('; ');
  // Whoever has to rotate a credential is told so, whatever else is wrong.
  const urgent = ({ message }: z.core.$ZodIssue) => (message.includes(NOW_IN_HISTORY) ? 0 : 1);
  const first = placesOf(issues.toSorted((a, b) => urgent(a) - urgent(b))).slice(0, MAX_PLACES);
  return [...first.map((describe) => describe()), `and ${all.length - MAX_PLACES} more`].join('; ');
}

function describeIssue(issue: z.core.$ZodIssue, root: string, isGuessed = false): (() => string)[] {
  const place =
    root + issue.path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${shorten(step)}`)).join('');
  if (issue.code === 'unrecognized_keys') {
    // Said once, however many fields of an object are unknown; not of a variant that may not have been meant.
    let others = isGuessed ? '' : otherFields(issue);
    return issue.keys.map((key) => () => {
      const near = suggestField(key, issue);
      const hint = near || others;
      if (!near) others = '';
      return `${place}.${shorten(key)}: unknown field${hint}`;
    });
  }
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    const nearest = issue.errors.toSorted((a, b) => distance(a) - distance(b))[0];
    if (nearest) return nearest.flatMap((inner) => describeIssue(inner, place, true));
  }
  const message = issue.message.replace(/^Invalid input: /, '').replace('received undefined', 'but it is missing');
  return [() => `${place}: ${message}`];
}

function shorten(name: PropertyKey): string {
  const text = String(name);
  return text.length > MAX_NAME_CHARACTERS ? `${text.slice(0, MAX_NAME_CHARACTERS)}…` : text;
}

/** Of several variants the caller most likely meant the one with the fewest unknown fields, then the fewest mistakes. */
function distance(issues: readonly z.core.$ZodIssue[]): number {
  const unknown = issues.reduce((sum, issue) => sum + (issue.code === 'unrecognized_keys' ? issue.keys.length : 0), 0);
  const wrongKind = issues.some((issue) => issue.code === 'invalid_type' && issue.path.length === 0) ? 1_000 : 0;
  return wrongKind + unknown * 10 + issues.length;
}
