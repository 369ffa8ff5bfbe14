import { CancellationScope, log, sleep } from '@temporalio/workflow';
import { repeatable } from '../proxies.ts';
import { failureMessage, isNotFound } from './failure-type.ts';
import { untilPublished } from './index-task.ts';

/** What was sent before the end may still be on its way, and would make the index anew: a request for a moment, batches for longer. */
const LOOK_AGAIN_AFTER_MS = { request: [1_000], batches: [1_000, 2_000, 4_000, 8_000] };
const MAX_DELETES = 10;

/**
 * Deletes an index until it stays away, whatever else is cancelled. Returns what could not be done, in words.
 * `pushedTo`: records may still arrive.
 */
export function deleteForGood(
  indexName: string,
  { pushedTo }: { readonly pushedTo: boolean },
): Promise<string | undefined> {
  return CancellationScope.nonCancellable(async () => {
    try {
      for (let deletes = 1; deletes <= MAX_DELETES; deletes += 1) {
        await deleteIndex(indexName);
        if (await staysAway(indexName, pushedTo ? 'batches' : 'request')) return undefined;
      }
      return `the temporary index '${indexName}' came back ${MAX_DELETES} times after it was deleted`;
    } catch (error) {
      log.warn('a temporary index could not be deleted', { indexName, message: failureMessage(error) });
      return `the temporary index '${indexName}' could not be deleted: ${failureMessage(error)}`;
    }
  });
}

/** It is gone when this returns. */
export async function deleteIndex(indexName: string): Promise<void> {
  try {
    await untilPublished(await repeatable.deleteIndex({ indexName }));
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

async function staysAway(indexName: string, onItsWay: keyof typeof LOOK_AGAIN_AFTER_MS): Promise<boolean> {
  for (const pauseMs of LOOK_AGAIN_AFTER_MS[onItsWay]) {
    await sleep(pauseMs, { summary: 'before looking whether something late has made the index anew' });
    if ((await repeatable.countRecords({ indexName })).exists) return false;
  }
  return true;
}
