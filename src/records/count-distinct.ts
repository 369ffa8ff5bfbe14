import { hash } from 'node:crypto';

/** 8 bytes each, in a table at most half full: 64 MB. */
const MAX_COUNTED = 4_194_304;
const FIRST_SLOTS = 65_536;

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
    const table = new HashTable();
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

/** A set of 64-bit numbers, in open addressing. */
class HashTable {
  size = 0;
  #words = new Uint32Array(FIRST_SLOTS * 2);

  add(high: number, low: number): void {
    // 0 marks a free slot.
    if (!this.#put(this.#words, high, low || 1)) return;
    this.size += 1;
    if (this.size * 4 > this.#words.length) this.#grow();
  }

  #put(words: Uint32Array, high: number, low: number): boolean {
    const slots = words.length / 2;
    for (let slot = high % slots; ; slot = (slot + 1) % slots) {
      const at = slot * 2;
      if (words[at + 1] === 0) {
        words[at] = high;
        words[at + 1] = low;
        return true;
      }
      if (words[at] === high && words[at + 1] === low) return false;
    }
  }

  #grow(): void {
    const larger = new Uint32Array(this.#words.length * 2);
    for (let at = 0; at < this.#words.length; at += 2)
      if (this.#words[at + 1] !== 0) this.#put(larger, this.#words[at] ?? 0, this.#words[at + 1] ?? 0);
    this.#words = larger;
  }
}
