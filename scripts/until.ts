import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 50;
const PATIENCE_MS = 60_000;

/** Looks until there is something to see, and returns that; for a minute at most. */
export async function until<T>(look: () => Promise<T | false | undefined>): Promise<T> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const seen = await look();
    if (seen) return seen;
    if (Date.now() > deadline) throw new Error(`It did not come to that within ${PATIENCE_MS / 1_000} s`);
    await sleep(POLL_MS);
  }
}
