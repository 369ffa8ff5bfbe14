import { expect, vi } from 'vitest';
import type { Simulator } from '../../simulator/index.ts';

/** Waits until no request is under way any more: what each was to do is done then, also where nobody waits for the answer. */
export const allAnswered = (simulator: Simulator, operation: string) =>
  vi.waitFor(
    () => expect(simulator.world.requests.list({ operation }).filter(({ status }) => status === 0)).toEqual([]),
    { timeout: 150_000, interval: 20 },
  );
