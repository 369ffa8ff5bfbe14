import { fc } from '../setup/fast-check.ts';
import { describe, expect, test } from 'vitest';
import { createScrubber } from '../../src/secrets/scrubber.ts';

function knowing(...values: string[]) {
  const scrubber = createScrubber();
  for (const value of values) scrubber.learn(value);
  return scrubber;
}

test('a text without a secret stays as it is', () => {
  const text = 'nothing to see here: {"a":1}';
  expect(knowing('s3cret-value').scrub(text)).toBe(text);
  expect(createScrubber().scrub(text)).toBe(text);
});

test('every occurrence of every secret is masked', () => {
  expect(knowing('first-one', 'second-one').scrub('first-one, second-one and first-one')).toBe(
    '[secret], [secret] and [secret]',
  );
});

test('a secret that holds another is masked whole', () => {
  expect(knowing('inner', 'outer-inner-outer').scrub('outer-inner-outer')).toBe('[secret]');
  expect(knowing('outer-inner-outer', 'inner').scrub('outer-inner-outer')).toBe('[secret]');
});

test('a secret is no pattern, nor is its mask', () => {
  expect(knowing('a.*b$&').scrub('a.*b$& axxb')).toBe('[secret] axxb');
});

test('what is too short to be a secret is left: it would take half of every text with it', () => {
  expect(knowing('', 'a', 'abc').scrub('abc')).toBe('abc');
  expect(knowing('abcd').scrub('abcd')).toBe('[secret]');
});

test('learning twice is learning once', () => {
  expect(knowing('twice-told', 'twice-told').scrub('twice-told')).toBe('[secret]');
});

test.each([
  ['a query by RFC 3986', 'it%27s%20a%2F%28b%29%21%2A%2Bc~d'],
  ['a query of Go', 'it%27s+a%2F%28b%29%21%2A%2Bc~d'],
  ['a query with small letters', 'it%27s%20a%2f%28b%29%21%2a%2bc~d'],
  ['JSON of PHP', "it's a\\/(b)!*+c~d"],
])('a secret is masked as other languages spell it: in %s', (_, spelled) => {
  expect(knowing("it's a/(b)!*+c~d").scrub(`x=${spelled}&y`)).toBe('x=[secret]&y');
});

test('a secret is masked in JSON of ASCII alone, as Python writes it', () => {
  expect(knowing('pässwörd').scrub('{"a":"p\\u00e4ssw\\u00f6rd"}')).toBe('{"a":"[secret]"}');
});

describe('whatever the secret and the text around it, nothing of the secret is left', () => {
  const secret = fc
    .string({ unit: 'grapheme', minLength: 12, maxLength: 80 })
    .filter((value) => value.trim().length >= 12);
  const around = fc.string({ maxLength: 20 });
  const spelled: [string, (value: string) => string][] = [
    ['plain', (value) => value],
    ['in JSON', (value) => JSON.stringify([value])],
    ['in a query', (value) => encodeURIComponent(value)],
    ['in a form', (value) => new URLSearchParams({ a: value }).toString()],
    ['in base64', (value) => Buffer.from(value).toString('base64')],
    ['in base64url', (value) => Buffer.from(value).toString('base64url')],
  ];
  test.each(spelled)('%s', (_, spell) => {
    fc.assert(
      fc.property(secret, around, around, (value, before, after) => {
        const scrubbed = knowing(value).scrub(before + spell(value) + after);
        expect(scrubbed).toContain('[secret]');
        expect(scrubbed).not.toContain(spell(value));
      }),
    );
  });

  test.each(['base64', 'base64url'] as const)('among other bytes in %s', (encoding) => {
    fc.assert(
      fc.property(secret, around, around, (value, before, after) => {
        const scrubbed = knowing(value).scrub(Buffer.from(before + value + after).toString(encoding));
        const left = Buffer.from(scrubbed.replace(/\[secret\]/g, ''), encoding).toString();
        expect(scrubbed).toContain('[secret]');
        expect(left).not.toContain(value.slice(0, 6));
      }),
    );
  });
});
