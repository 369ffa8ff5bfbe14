import { fc } from '../setup/fast-check.ts';
import { expect, test } from 'vitest';
import { IdHashes, IdSet } from '../../src/records/id-set.ts';

/** Few places, so that they collide, wrap around and move up. */
const word = fc.integer({ min: 0, max: 40 });

test('holds what was added and not deleted, as a Set does', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), word, word), { maxLength: 400 }), (steps) => {
      const set = new IdSet();
      const model = new Set<string>();
      // 0 and 1 share a place, since 0 marks a free one.
      const name = (high: number, low: number) => `${high}-${low || 1}`;
      for (const [adds, high, low] of steps) {
        if (adds) {
          set.add(high, low);
          model.add(name(high, low));
        } else {
          set.delete(high, low);
          model.delete(name(high, low));
        }
        expect(set.size).toBe(model.size);
      }
      for (let high = 0; high <= 40; high += 1)
        for (let low = 0; low <= 40; low += 1) expect(set.has(high, low)).toBe(model.has(name(high, low)));
    }),
  );
});

test('grows with what it holds', () => {
  const set = new IdSet();
  for (let n = 0; n < 100_000; n += 1) set.add(Math.imul(n, 2_654_435_761) >>> 0, n + 1);
  expect(set.size).toBe(100_000);
  for (let n = 0; n < 100_000; n += 2) set.delete(Math.imul(n, 2_654_435_761) >>> 0, n + 1);
  expect(set.size).toBe(50_000);
  expect(set.has(Math.imul(4_321, 2_654_435_761) >>> 0, 4_322)).toBe(true);
  expect(set.has(Math.imul(4_322, 2_654_435_761) >>> 0, 4_323)).toBe(false);
});

test('tells similar objectIDs apart, and the same ones not', () => {
  const set = new IdSet();
  const hashes = new IdHashes();
  for (let n = 0; n < 500_000; n += 1) hashes.add(`p${n}`);
  hashes.add('p7');
  hashes.forEach((high, low) => set.add(high, low));
  expect(set.size).toBe(500_000);
  const other = new IdHashes();
  for (const id of ['P7', 'p500000', '7p', '', 'p07']) other.add(id);
  expect(other.some((high, low) => set.has(high, low))).toBe(false);
});
