import { expect, test } from 'vitest';
import { countDistinct } from '../../src/records/count-distinct.ts';

async function* someAtATime(texts: readonly string[]): AsyncGenerator<readonly string[]> {
  for (let at = 0; at < texts.length; at += 100) yield texts.slice(at, at + 100);
}

test('counts different texts, and each of them once', async () => {
  const texts = Array.from({ length: 300_000 }, (_, n) => `p${n % 170_000}`);
  expect(await countDistinct(() => someAtATime(texts))).toBe(170_000);
  expect(await countDistinct(() => someAtATime([]))).toBe(0);
  expect(await countDistinct(() => someAtATime(['', 'a', 'A', 'á', 'a']))).toBe(4);
});

test('reads again, and counts a part at a time, when they are too many for its memory', async () => {
  const texts = Array.from({ length: 20_000 }, (_, n) => `p${n % 15_000}`);
  const passes: number[] = [];
  const read = (pass: number) => {
    passes.push(pass);
    return someAtATime(texts);
  };
  expect(await countDistinct(read, { maxCounted: 4_000 })).toBe(15_000);
  expect(passes.length).toBeGreaterThan(3);
  expect(passes).toEqual(passes.map((_, place) => place));
});
