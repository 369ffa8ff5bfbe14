/** Wakes up whoever waits for something to become true. */
export interface Changes {
  /** Something may be true now. */
  notify(): void;
  /** Resolves when the condition holds: looked at after every change, and every so often for what time alone changes. */
  until(condition: () => boolean, everyMs?: number): Promise<void>;
}

const LOOK_EVERY_MS = 1_000;

export function createChanges(): Changes {
  let waiting: (() => void)[] = [];
  return {
    notify() {
      const woken = waiting;
      waiting = [];
      for (const wake of woken) wake();
    },
    async until(condition, everyMs = LOOK_EVERY_MS) {
      while (!condition()) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, everyMs);
          waiting.push(() => {
            clearTimeout(timer);
            resolve();
          });
        });
      }
    },
  };
}
