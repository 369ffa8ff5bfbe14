import { ApplicationFailure } from '@temporalio/workflow';
import { repeatable } from '../proxies.ts';
import { isAlreadyStarted } from './failure-type.ts';

/** One call of the activity. */
const SLICE_MS = 9 * 60_000;

export interface Lock {
  /** The id of the workflow that alone may work on the index. */
  readonly workflowID: string;
  readonly indexName: string;
  readonly onBusy: 'fail' | 'wait';
  /** ms on the workflow's clock. */
  readonly deadline: number;
}

/** Starts the workflow that holds the lock. If there is one already, fails or waits for its end, as told; two that wait take turns. */
export async function underLock<T>(lock: Lock, start: () => Promise<T>, onWait: () => void): Promise<T> {
  for (;;) {
    try {
      return await start();
    } catch (error) {
      if (!isAlreadyStarted(error)) throw error;
    }
    const leftMs = lock.deadline - Date.now();
    if (lock.onBusy === 'fail') throw busy(lock, 'wait for its end ("onBusy": "wait" does), or cancel it');
    if (leftMs <= 0) throw busy(lock, 'it did not end within maxWait');
    onWait();
    await repeatable.awaitReplaceEnd({ workflowID: lock.workflowID, waitMs: Math.min(leftMs, SLICE_MS) });
  }
}

const busy = ({ indexName, workflowID }: Lock, advice: string) =>
  ApplicationFailure.nonRetryable(
    `the index '${indexName}' is being replaced already, by the workflow ${workflowID}: ${advice}. Nothing was sent.`,
    'ReplaceBusy',
  );
