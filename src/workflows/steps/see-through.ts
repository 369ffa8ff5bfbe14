import { CancellationScope, CancelledFailure } from '@temporalio/workflow';
import { follows } from './changes.ts';

/**
 * Writes what is undone in case of a cancellation, which waits for the answer: cut off, the request may have its effect after that.
 * `since`: the patch with which a workflow began to wait, for replays.
 */
export async function seeThrough(write: () => Promise<unknown>, { since }: { readonly since?: string } = {}) {
  if (since !== undefined && !follows(since)) return void (await write());
  await CancellationScope.nonCancellable(write);
  if (CancellationScope.current().consideredCancelled) throw new CancelledFailure('cancelled');
}
