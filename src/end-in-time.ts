import type { Worker } from '@temporalio/worker';

/** What is left of the grace for telling Temporal what became of the activities. */
const TELLING_MS = 5_000;
/** However short the grace: an answer from Temporal may take this long. */
const LEAST_MS = 2_000;

/** Activities may go on for most of the grace; the rest is for saying so. */
export const activitiesGraceMs = (graceMs: number): number => graceMs - Math.min(TELLING_MS, graceMs / 5);

export interface EndInTimeOptions {
  readonly graceMs: number;
  readonly worker: () => Worker | undefined;
  readonly log: (message: string) => void;
}

/**
 * Ends the process when the grace after SIGTERM or SIGINT is over, or at once if there is no worker to drain yet.
 * A worker says of each activity what became of it, for as long as it takes, and a Temporal server that is gone never hears it.
 */
export function endInTime({ graceMs, worker, log }: EndInTimeOptions): void {
  const end = () => {
    const state = worker()?.getState() ?? 'INITIALIZED';
    if (state === 'INITIALIZED') process.exit(0);
    const limitMs = Math.max(graceMs, LEAST_MS);
    setTimeout(() => {
      log(
        `Not done ${limitMs / 1_000} s after the signal to stop: leaving. Temporal notices by heartbeats what is missing.`,
      );
      process.exit(1);
    }, limitMs).unref();
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, end);
}
