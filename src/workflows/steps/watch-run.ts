import { CancellationScope, isCancellation } from '@temporalio/workflow';
import type { AwaitedRun } from '../../activities/await-run.ts';
import { repeatable } from '../proxies.ts';

/**
 * One call of the activity each, the last one repeated: Current Details show what it found. A call costs six history events, so
 * that a day costs some three hundred; the first are shorter, for most runs are over by then.
 */
const SLICES_MS = [5, 10, 15, 30].map((minutes) => minutes * 60_000);

/** What a person may say to a wait while it goes on. */
export interface Wait {
  /** When it ends at the latest, ms on the workflow's clock. */
  deadline: number;
  /** Why it should end now. */
  givenUp?: string;
  /** Ends the current slice: called when one of the above has changed, or to poll at once. */
  interrupt: () => void;
}

export type WatchedRun = Omit<AwaitedRun, 'state'> & { readonly state: 'ended' | 'stuck' | 'timedOut' | 'givenUp' };

/** Follows a run to its end, its deadline or its standstill. */
export async function watchRun(
  runID: string,
  wait: Wait,
  noProgressMs: number,
  onSlice: (awaited: AwaitedRun) => void,
): Promise<WatchedRun> {
  let idleMs = 0;
  let last: AwaitedRun | undefined;
  for (let slice = 0; ; slice += 1) {
    const leftMs = wait.deadline - Date.now();
    if (wait.givenUp !== undefined) return stopped('givenUp', last);
    if (leftMs <= 0) return stopped('timedOut', last);
    const sliceStart = Date.now();
    const awaited = await untilInterrupted(wait, () =>
      repeatable.awaitRun({
        runID,
        waitMs: Math.min(leftMs, SLICES_MS[slice] ?? (SLICES_MS.at(-1) as number)),
        noProgressMs,
        idleMs,
        ...(last?.progress ? { seen: last.progress } : {}),
      }),
    );
    if (awaited === undefined) {
      idleMs += Date.now() - sliceStart;
      continue;
    }
    last = awaited;
    idleMs = awaited.idleMs;
    onSlice(awaited);
    if (awaited.state !== 'waiting') return { ...awaited, state: awaited.state };
  }
}

const stopped = (state: 'timedOut' | 'givenUp', last: AwaitedRun | undefined): WatchedRun => ({
  idleMs: 0,
  polls: 0,
  keyVersion: '',
  ...last,
  state,
});

/** Undefined when `wait.interrupt` ended it; a cancellation from outside passes on. */
async function untilInterrupted<T>(wait: Wait, work: () => Promise<T>): Promise<T | undefined> {
  const scope = new CancellationScope();
  let interrupted = false;
  wait.interrupt = () => {
    interrupted = true;
    scope.cancel();
  };
  try {
    return await scope.run(work);
  } catch (error) {
    if (interrupted && isCancellation(error) && !CancellationScope.current().consideredCancelled) return undefined;
    throw error;
  } finally {
    wait.interrupt = () => undefined;
  }
}
