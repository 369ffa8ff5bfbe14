import { setTimeout as delay } from 'node:timers/promises';
import { getClient } from '@temporalio/activity';
import { WorkflowNotFoundError } from '@temporalio/common';
import { attempt } from './attempt.ts';

const FIRST_POLL_MS = 500;
const MAX_POLL_MS = 5_000;
const POLL_GROWTH = 1.5;

/** Waits until no replace holds this lock any more, or the time is over. (The worker's connection can't break off a long poll, so it asks again and again.) */
export async function awaitReplaceEnd({
  workflowID,
  waitMs,
}: {
  workflowID: string;
  waitMs: number;
}): Promise<{ ended: boolean }> {
  return attempt(async (signal) => {
    const deadline = Date.now() + waitMs;
    for (let pollMs = FIRST_POLL_MS; ; pollMs = Math.min(pollMs * POLL_GROWTH, MAX_POLL_MS)) {
      if (!(await isReplaceRunning(workflowID))) return { ended: true };
      const leftMs = deadline - Date.now();
      if (leftMs <= 0) return { ended: false };
      await delay(Math.min(pollMs, leftMs), undefined, { signal });
    }
  });
}

/** Asks the server itself: its list of running workflows lags behind. */
export async function isReplaceRunning(workflowID: string): Promise<boolean> {
  try {
    const { status } = await getClient().workflow.getHandle(workflowID).describe();
    return status.name === 'RUNNING' || status.name === 'PAUSED';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}
