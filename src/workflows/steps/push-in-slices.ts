import { CancellationScope, condition, isCancellation, sleep, TimeoutFailure } from '@temporalio/workflow';
import type { PushCheckpoint } from '../../activities/push-checkpoint.ts';
import type { PushSlice, PushSliceInput } from '../../activities/push-slice.ts';
import { readPushCheckpoint, repeatable } from '../proxies.ts';
import { follows } from './changes.ts';
import { unwrap } from './failure-type.ts';

/** One call of the activity, which costs six history events. The first is short, so that progress shows soon; each is twice the last. */
const FIRST_SLICE_MS = 10_000;
const MAX_SLICE_MS = 15 * 60_000;

/** A slice that comes to nothing so soon is not begun anew at once. */
const SHORT_MS = 1_000;
const PAUSE_MS = 5_000;

/** What a person may say to a push while it goes on. */
export interface PushControls {
  paused: boolean;
  maxParallel: number;
  /** Ends the current slice: called when one of the above has changed. */
  interrupt: () => void;
}

type Push = Omit<PushSliceInput, 'maxParallel' | 'sliceMs' | 'checkpoint'>;

/** Pushes to the end, or until nothing more may be pushed, or this workflow is cancelled. A slice returns where the next goes on. */
export async function pushInSlices(
  push: Push,
  noProgressMs: number,
  controls: PushControls,
  tell: (checkpoint: PushCheckpoint) => void,
): Promise<PushCheckpoint> {
  let checkpoint: PushCheckpoint | undefined;
  let progressAt = Date.now();
  let sliceMs = FIRST_SLICE_MS;
  for (;;) {
    if (controls.paused) {
      await condition(() => !controls.paused);
      progressAt = Date.now();
    }
    const sliceStart = Date.now();
    const { checkpoint: reached, ...slice } = await interruptible(controls, checkpoint, () =>
      repeatable.pushSlice({
        ...push,
        maxParallel: controls.maxParallel,
        sliceMs,
        ...(checkpoint ? { checkpoint } : {}),
      }),
    );
    if (!reached) continue;
    if (hasProgressed(checkpoint, reached)) progressAt = Date.now();
    else if (!slice.ended && !controls.paused && Date.now() - sliceStart < SHORT_MS) await sleep(PAUSE_MS);
    checkpoint = reached;
    tell(checkpoint);
    if (slice.ended || CancellationScope.current().consideredCancelled) return checkpoint;
    const idleMs = Date.now() - progressAt;
    if (idleMs >= noProgressMs && !controls.paused) {
      const lastly = slice.trouble ? `; lastly: ${slice.trouble}` : '';
      const message = `nothing was pushed or verified for ${Math.round(idleMs / 1000)} s${lastly}`;
      return { ...checkpoint, stopped: checkpoint.stopped ?? { type: 'PushStuck', message } };
    }
    // What Algolia asks for holds over the end of a slice.
    if (slice.pauseMs) await sleep(slice.pauseMs, { summary: 'Algolia asks for a pause' });
    sliceMs = Math.min(sliceMs * 2, MAX_SLICE_MS);
  }
}

function hasProgressed(before: PushCheckpoint | undefined, { tally, next }: PushCheckpoint): boolean {
  return (
    before === undefined ||
    before.next.items !== next.items ||
    before.tally.batches !== tally.batches ||
    before.tally.verified !== tally.verified ||
    before.tally.failedBatches !== tally.failedBatches
  );
}

/** Without a checkpoint: it hadn't begun. */
type InterruptedSlice = Omit<PushSlice, 'checkpoint'> & { readonly checkpoint?: PushCheckpoint };

/** For replays: a slice used to be cancelled with its workflow, and only a worker that had it then said how far it came. */
const readsFirst = () => follows('read how far a cancelled push came');

async function readCommitted(): Promise<PushCheckpoint | undefined> {
  if (!readsFirst()) return readPushCheckpoint();
  const around = CancellationScope.current();
  try {
    return await CancellationScope.nonCancellable(readPushCheckpoint);
  } catch (error) {
    if (around.consideredCancelled) return undefined;
    throw error;
  }
}

/**
 * An interrupted slice answers with how far it came, and so does one that is cancelled from outside. One whose worker is gone can't:
 * then it is what was committed last.
 */
async function interruptible(
  controls: PushControls,
  before: PushCheckpoint | undefined,
  work: () => Promise<PushSlice>,
): Promise<InterruptedSlice> {
  const around = CancellationScope.current();
  if (around.consideredCancelled) await around.cancelRequested;
  // It is cancelled from here alone, once it is known how far it came: the server forgets that of a slice which no worker has.
  const scope = new CancellationScope({ cancellable: true, parent: new CancellationScope({ cancellable: false }) });
  const slice = scope.run(work);
  const interrupted = new Promise<'interrupted'>((resolve) => {
    controls.interrupt = () => resolve('interrupted');
    around.cancelRequested.catch(() => {
      if (readsFirst()) resolve('interrupted');
      else scope.cancel();
    });
  });
  let committed = before;
  try {
    if ((await Promise.race([slice, interrupted])) === 'interrupted') {
      committed = (await readCommitted()) ?? before;
      scope.cancel();
    }
    return await slice;
  } catch (error) {
    if (!scope.consideredCancelled) throw error;
    const failure = unwrap(error);
    if (failure instanceof TimeoutFailure)
      committed = (failure.lastHeartbeatDetails as PushCheckpoint | undefined) ?? committed;
    else if (!isCancellation(error) || (around.consideredCancelled && !readsFirst())) throw error;
    return { ended: false, ...(committed ? { checkpoint: committed } : {}) };
  } finally {
    controls.interrupt = () => undefined;
  }
}
