const FIRST_SLOTS = 1_024;

/**
 * A set of texts by 64 bits of a hash, outside of the heap that is garbage collected: a push has hundreds of thousands of
 * objectIDs on its mind, and forgets them all within seconds. Open addressing, at most half full.
 */
export class IdSet {
  #size = 0;
  #words = new Uint32Array(FIRST_SLOTS * 2);

  get size(): number {
    return this.#size;
  }

  has(high: number, low: number): boolean {
    return this.#words[this.#find(high, low || 1) + 1] !== 0;
  }

  add(high: number, low: number): void {
    // 0 marks a free slot.
    if (!this.#put(high, low || 1)) return;
    this.#size += 1;
    if (this.#size * 4 > this.#words.length) this.#grow();
  }

  delete(high: number, low: number): void {
    const words = this.#words;
    let hole = this.#find(high, low || 1);
    if (words[hole + 1] === 0) return;
    this.#size -= 1;
    // What follows moves up, unless it would come before the place where it is looked for.
    const mask = words.length - 1;
    for (let at = (hole + 2) & mask; words[at + 1] !== 0; at = (at + 2) & mask) {
      const wanted = this.#home(words[at] ?? 0);
      if (((at - wanted) & mask) < ((at - hole) & mask)) continue;
      words[hole] = words[at] ?? 0;
      words[hole + 1] = words[at + 1] ?? 0;
      hole = at;
    }
    words[hole + 1] = 0;
  }

  #home(high: number): number {
    return (high * 2) & (this.#words.length - 1);
  }

  /** Where it is, or the free slot where it would be. */
  #find(high: number, low: number): number {
    const words = this.#words;
    const mask = words.length - 1;
    let at = this.#home(high);
    while (words[at + 1] !== 0 && !(words[at] === high && words[at + 1] === low)) at = (at + 2) & mask;
    return at;
  }

  #put(high: number, low: number): boolean {
    const at = this.#find(high, low);
    if (this.#words[at + 1] !== 0) return false;
    this.#words[at] = high;
    this.#words[at + 1] = low;
    return true;
  }

  #grow(): void {
    const smaller = this.#words;
    this.#words = new Uint32Array(smaller.length * 2);
    for (let at = 0; at < smaller.length; at += 2)
      if (smaller[at + 1] !== 0) this.#put(smaller[at] ?? 0, smaller[at + 1] ?? 0);
  }
}

/** 64 bits of each of many texts, two words each, in the order in which they are added. */
export class IdHashes {
  #words = new Uint32Array(64);
  #length = 0;

  /** cyrb53, with all of its 64 bits: it spreads well and costs some 30 ns. Nobody's safety depends on it. */
  add(text: string): void {
    let high = 0xdeadbeef;
    let low = 0x41c6ce57;
    for (let at = 0; at < text.length; at += 1) {
      const unit = text.charCodeAt(at);
      high = Math.imul(high ^ unit, 2_654_435_761);
      low = Math.imul(low ^ unit, 1_597_334_677);
    }
    high = Math.imul(high ^ (high >>> 16), 2_246_822_507) ^ Math.imul(low ^ (low >>> 13), 3_266_489_909);
    low = Math.imul(low ^ (low >>> 16), 2_246_822_507) ^ Math.imul(high ^ (high >>> 13), 3_266_489_909);
    if (this.#length === this.#words.length) {
      const larger = new Uint32Array(this.#words.length * 2);
      larger.set(this.#words);
      this.#words = larger;
    }
    this.#words[this.#length++] = high;
    this.#words[this.#length++] = low;
  }

  some(test: (high: number, low: number) => boolean): boolean {
    for (let at = 0; at < this.#length; at += 2) if (test(this.#words[at] ?? 0, this.#words[at + 1] ?? 0)) return true;
    return false;
  }

  forEach(visit: (high: number, low: number) => void): void {
    for (let at = 0; at < this.#length; at += 2) visit(this.#words[at] ?? 0, this.#words[at + 1] ?? 0);
  }
}
