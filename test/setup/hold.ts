import { expect, vi } from 'vitest';
import type { NewFault } from '../../simulator/faults/fault.ts';
import type { Simulator } from '../../simulator/index.ts';

export interface Hold {
  readonly isMet: () => boolean;
  /** Waits until as many requests are held as are to be: one, unless it was told otherwise. */
  readonly met: () => Promise<void>;
  /** What is held takes effect now, whether or not anybody still waits for the answer. */
  readonly release: () => void;
}

/** Holds the next request of an operation until it is released, however long what happens meanwhile takes. */
export function hold(
  { world: { faults } }: Pick<Simulator, 'world'>,
  operation: string,
  which: Pick<NewFault, 'match' | 'times' | 'after' | 'applies'> = {},
): Hold {
  let release = () => {};
  const until = new Promise<void>((resolve) => (release = resolve));
  const fault = faults.add({ ...which, operation, kind: 'slow', until });
  const isMet = () => fault.hits === (which.times ?? 1);
  return {
    isMet,
    met: () => vi.waitFor(() => expect(isMet()).toBe(true), { timeout: 150_000, interval: 20 }),
    release,
  };
}
