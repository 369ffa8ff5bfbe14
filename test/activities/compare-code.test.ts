import { expect, test } from 'vitest';
import { compareCode } from '../../src/activities/compare-code.ts';
import type { TransformationDefinition } from '../../src/activities/transformation-definition.ts';

const ofCode = (code: string, more: object = {}): TransformationDefinition => ({
  name: 'films',
  type: 'code',
  input: { code },
  ...more,
});
const lines = (count: number, word: string) =>
  Array.from({ length: count }, (_, place) => `${word} ${place}\n`).join('');

test('only the lines that change are shown, with what stands around them', async () => {
  const before = lines(50, 'line');
  const { diff, added, removed } = await compareCode({
    before: ofCode(before),
    after: ofCode(before.replace('line 25\n', 'other\nand another\n')),
  });
  expect({ added, removed }).toEqual({ added: 2, removed: 1 });
  expect(diff.split('\n')).toEqual([
    '@@ -23,7 +23,8 @@',
    ' line 22',
    ' line 23',
    ' line 24',
    '-line 25',
    '+other',
    '+and another',
    ' line 26',
    ' line 27',
    ' line 28',
  ]);
});

test('the same code in its deprecated form is the same', async () => {
  const { hashes, diff } = await compareCode({ before: { name: 'films', code: 'a' }, after: ofCode('a') });
  expect(diff).toBe('');
  expect(hashes.before).toBe(hashes.after);
});

test.for([{ name: 'other' }, { description: 'new' }, { authenticationIDs: ['a'] }])(
  'a change of %j alone is one',
  async (change) => {
    const { hashes, diff } = await compareCode({ before: ofCode('a'), after: ofCode('a', change) });
    expect(diff).toBe('');
    expect(hashes.before).not.toBe(hashes.after);
  },
);

test('a long diff is cut short, and says by how much', async () => {
  const { diff, added } = await compareCode({ before: ofCode(''), after: ofCode(lines(2_500, 'line')) });
  expect(added).toBe(2_500);
  expect(diff.length).toBeLessThan(13_000);
  expect(diff).toMatch(/\n@@ and \d+ lines more @@$/);
});

test('of codes that have nothing in common the new one is shown', async () => {
  const { diff, added, removed } = await compareCode({
    before: ofCode(lines(5_000, 'old')),
    after: ofCode(lines(4_000, 'new')),
  });
  expect({ added, removed }).toEqual({ added: 4_001, removed: 5_001 });
  expect(diff).toMatch(/^@@ all of it is replaced @@\n\+new 0\n\+new 1\n/);
});
