import { vi } from 'vitest';

const PATIENCE = { timeout: 150_000, interval: 25 };

/** Waits for a condition, and says what was waited for in vain. */
export async function until(what: string, look: () => Promise<boolean>): Promise<void> {
  await vi.waitFor(async () => {
    if (!(await look())) throw new Error(`waited in vain until ${what}`);
  }, PATIENCE);
}
