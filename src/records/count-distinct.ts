import { hash } from 'node:crypto';
import { IdSet } from './id-set.ts';

/** 8 bytes each, in a table at most half full: 64 MB. */
const MAX_COUNTED = 4_194_304;

/**
 * How many different texts there are, in memory that doesn't grow with them: when they are too many for one table, the
 * texts are read again, and half of them counted at a time. By 64 bits of a hash: of ten million, two are mistaken for
 * one in a few cases out of a million.
 */
export async function countDistinct(
  read: (pass: number) => AsyncIterable<readonly string[]>,
  { maxCounted = MAX_COUNTED } = {},
): Promise<number> {
  const shares = [{ index: 0, of: 1 }];
  let total = 0;
  for (let pass = 0; ; pass += 1) {
    const share = shares.pop();
    if (!share) return total;
    const { index, of } = share;
    const table = new IdSet();
    let overflowed = false;
    for await (const texts of read(pass)) {
      // The first pass goes through to the end: it counts other things too.
      if (overflowed && pass > 0) break;
      if (overflowed) continue;
      for (const text of texts) {
        const bytes = hash('sha1', text, 'buffer');
        if (of > 1 && bytes.readUInt32LE(8) % of !== index) continue;
        table.add(bytes.readUInt32LE(0), bytes.readUInt32LE(4));
      }
      overflowed = table.size > maxCounted;
    }
    if (overflowed) shares.push({ index, of: of * 2 }, { index: index + of, of: of * 2 });
    else total += table.size;
  }
}
