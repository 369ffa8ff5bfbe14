/** How many batches may be under way, and from when on: what Algolia asks for when it is too much. */
export interface PushPace {
  /** At most this many at a time now. */
  readonly limit: number;
  /** On the clock of `Date.now()`. */
  readonly notBefore: number;
  /** A batch was taken. */
  succeeded(): void;
  /** Told to slow down, or to come back later. */
  slowDown(forMs: number): void;
}

/** Halves the number of parallel batches when told to slow down, and adds one after as many successes as there may be batches. */
export function createPushPace(maxParallel: number): PushPace {
  let limit = maxParallel;
  let notBefore = 0;
  let successes = 0;
  return {
    get limit() {
      return limit;
    },
    get notBefore() {
      return notBefore;
    },
    succeeded() {
      successes += 1;
      if (limit < maxParallel && successes >= limit) {
        limit += 1;
        successes = 0;
      }
    },
    slowDown(forMs) {
      const now = Date.now();
      // The batches that were under way are all told the same: it counts once.
      if (now >= notBefore) limit = Math.max(1, Math.floor(limit / 2));
      notBefore = Math.max(notBefore, now + forMs);
      successes = 0;
    },
  };
}
