/** Which epochs' keys requests are being sent with at the moment. */
export class EpochsInUse {
  readonly #counts = new Map<number, number>();

  async during<T>(epoch: number, work: () => Promise<T>): Promise<T> {
    this.#counts.set(epoch, (this.#counts.get(epoch) ?? 0) + 1);
    try {
      return await work();
    } finally {
      const left = (this.#counts.get(epoch) ?? 1) - 1;
      if (left > 0) this.#counts.set(epoch, left);
      else this.#counts.delete(epoch);
    }
  }

  hasOlderThan(epoch: number): boolean {
    return [...this.#counts.keys()].some((used) => used < epoch);
  }
}
