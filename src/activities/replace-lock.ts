import { cancellationSignal, getClient } from '@temporalio/activity';
import { WorkflowNotFoundError } from '@temporalio/common';
import { indexActivity } from './search-request.ts';

/** Waits until no replace holds this lock any more, or the time is over. */
export function createAwaitReplaceEnd() {
  return indexActivity(
    'awaitReplaceEnd',
    async ({ workflowID, waitMs }: { workflowID: string; waitMs: number }): Promise<{ ended: boolean }> => {
      const client = getClient();
      const cancelled = cancellationSignal();
      const timeout = AbortSignal.timeout(waitMs);
      try {
        await client.withAbortSignal(AbortSignal.any([cancelled, timeout]), () =>
          client.workflow.getHandle(workflowID).result(),
        );
      } catch {
        // How the other replace ended is its own affair; and whoever asked for too long a wait may ask again.
        cancelled.throwIfAborted();
      }
      return { ended: !(await isReplaceRunning(workflowID)) };
    },
  );
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
