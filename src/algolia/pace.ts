/** At high rates a timer comes too seldom for one request each: so much of a second may be let through at once. */
const BURST_SECONDS = 0.02;

export interface TurnOptions {
  /** Rather gives up at once than waits for longer, ms. */
  readonly withinMs: number;
  /** Ends the wait; it then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** It would be this request's turn only after `waitMs`. */
export class OutOfTurn extends Error {
  override readonly name = 'OutOfTurn';
  readonly waitMs: number;
  constructor(waitMs: number) {
    super(`its turn comes only in ${(waitMs / 1000).toFixed(1)} s`);
    this.waitMs = waitMs;
  }
}

export interface Pace {
  /** Resolves when the next request may be sent: in the order of asking, evenly spaced. */
  turn(options: TurnOptions): Promise<void>;
}

interface Waiting {
  readonly go: () => void;
}

/** Lets so many requests a second pass. Who would wait for too long is told when to come back, one after the other. */
export function createPace(perSecond: number): Pace {
  const intervalMs = 1_000 / perSecond;
  const burst = Math.max(1, Math.floor(perSecond * BURST_SECONDS));
  const line: Waiting[] = [];
  let freeAt = 0;
  /** When the last of those that were sent away may come back. */
  let awayUntil = 0;
  let timer: NodeJS.Timeout | undefined;

  const letPass = () => {
    timer = undefined;
    const now = performance.now();
    // After a pause of the process what has been missed is not made up for.
    freeAt = Math.max(freeAt, now - intervalMs * (burst - 1));
    while (line.length > 0 && freeAt <= now) {
      freeAt += intervalMs;
      line.shift()?.go();
    }
    arm();
  };
  const arm = () => {
    if (line.length > 0) timer ??= setTimeout(letPass, Math.max(freeAt - performance.now(), 0));
  };

  return {
    async turn({ withinMs, signal }) {
      signal?.throwIfAborted();
      const now = performance.now();
      if (line.length === 0 && freeAt <= now) {
        freeAt = now + intervalMs;
        return;
      }
      const waitMs = Math.max(freeAt - now, 0) + line.length * intervalMs;
      if (waitMs > withinMs) {
        awayUntil = Math.max(awayUntil, now + waitMs) + intervalMs;
        throw new OutOfTurn(awayUntil - now);
      }
      await new Promise<void>((resolve, reject) => {
        const leave = () => {
          line.splice(line.indexOf(waiting), 1);
          reject(signal?.reason as Error);
        };
        const waiting: Waiting = {
          go: () => {
            signal?.removeEventListener('abort', leave);
            resolve();
          },
        };
        signal?.addEventListener('abort', leave, { once: true });
        line.push(waiting);
        arm();
      });
    },
  };
}
