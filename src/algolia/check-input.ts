import type { z } from 'zod';
import type { BodyPlace } from '../operations/operation.ts';
import { AlgoliaError } from './algolia-error.ts';
import { suggestField, wording } from './wording.ts';

/** Parses an operation's argument, or throws `AlgoliaInvalid` naming every wrong place. Nothing has been sent then. */
export function checkInput<O extends { readonly input: z.ZodType; readonly body?: BodyPlace }>(
  name: string,
  operation: O,
  input: unknown,
): z.output<O['input']> {
  const parsed = operation.input.safeParse(input ?? (operation.body?.from === 'argument' ? undefined : {}), wording);
  if (parsed.success) return parsed.data as z.output<O['input']>;
  throw new AlgoliaError(
    'AlgoliaInvalid',
    `${name}: ${asSentence(describeIssues(parsed.error.issues, 'input'))} Nothing was sent.`,
    { operation: name },
  );
}

/** Some reasons end with a question: did you mean this? */
export const asSentence = (text: string): string => (text.endsWith('?') ? text : `${text}.`);

/** `input.sourceUpdate.input.url: expected string, received number; …` */
export function describeIssues(issues: readonly z.core.$ZodIssue[], root: string): string {
  return issues.flatMap((issue) => describeIssue(issue, root)).join('; ');
}

function describeIssue(issue: z.core.$ZodIssue, root: string): string[] {
  const place = root + issue.path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`)).join('');
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => `${place}.${key}: unknown field${suggestField(key, issue)}`);
  }
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    const nearest = issue.errors.toSorted((a, b) => distance(a) - distance(b))[0];
    if (nearest) return nearest.flatMap((inner) => describeIssue(inner, place));
  }
  const message = issue.message.replace(/^Invalid input: /, '').replace('received undefined', 'but it is missing');
  return [`${place}: ${message}`];
}

/** Of several variants the caller most likely meant the one with the fewest unknown fields, then the fewest mistakes. */
function distance(issues: readonly z.core.$ZodIssue[]): number {
  const unknown = issues.reduce((sum, issue) => sum + (issue.code === 'unrecognized_keys' ? issue.keys.length : 0), 0);
  const wrongKind = issues.some((issue) => issue.code === 'invalid_type' && issue.path.length === 0) ? 1_000 : 0;
  return wrongKind + unknown * 10 + issues.length;
}
