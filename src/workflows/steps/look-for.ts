import { sleep } from '@temporalio/workflow';

/** When to look for the effect of a request whose answer was lost: at once, then less and less often for a minute. */
const PAUSES_MS = [0, 1_000, 2_000, 4_000, 8_000, 15_000, 30_000];

/** Looks until enough is found, or a minute has shown that there is no more. */
export async function lookFor<T>(look: () => Promise<readonly T[]>, enough = 1): Promise<readonly T[]> {
  let found: readonly T[] = [];
  for (const pauseMs of PAUSES_MS) {
    if (pauseMs > 0) await sleep(pauseMs, { summary: 'before looking again for what a lost answer made' });
    found = await look();
    if (found.length >= enough) break;
  }
  return found;
}
