/** Numbers that are the same for the same seed. */
export interface Random {
  /** From 0 up to, but not including, 1. */
  (): number;
  /** A whole number from `from` to `to`, both included. */
  readonly whole: (from: number, to: number) => number;
  readonly pick: <T>(items: readonly T[]) => T;
}

/** mulberry32 */
export function randomFrom(seed: number): Random {
  let state = seed;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const whole = (from: number, to: number) => from + Math.floor(next() * (to - from + 1));
  return Object.assign(next, {
    whole,
    pick: <T>(items: readonly T[]): T => items[whole(0, items.length - 1)] as T,
  });
}
