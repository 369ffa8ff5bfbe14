import { ParentClosePolicy, startChild, WorkflowIdReusePolicy } from '@temporalio/workflow';
import type { BookedProblem } from '../../activities/alert-book-reports.ts';
import type { Checked } from '../../activities/check-input.ts';
import { reenableTask } from '../reenable-task.ts';
import { isAlreadyStarted } from './failure-type.ts';

/** An outage that disables everything is not mended by hundreds of approvals. */
const MAX_ASKED = 20;

/**
 * Asks, once for each time a task got disabled, whether to enable it again. Whoever asks waits for days, so it is not this
 * workflow but a child that outlives it. Returns the ids of those that were started now.
 */
export async function askToReenable(
  open: readonly BookedProblem[],
  { applicationId, approval }: Checked<'watchConnectors'>,
): Promise<string[]> {
  const asked: string[] = [];
  const disabled = open.filter(({ kind }) => kind === 'connector.disabled' || kind === 'connector.blocked');
  for (const { key, text, since } of disabled.slice(0, MAX_ASKED)) {
    const taskID = key.split('/')[1] ?? '';
    const workflowId = `algolia-reenable/${applicationId}/${taskID}/${since}`;
    try {
      await startChild(reenableTask, {
        args: [{ taskID, reason: text, ...(approval ? { approval } : {}) }],
        workflowId,
        workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
        parentClosePolicy: ParentClosePolicy.ABANDON,
        staticSummary: `whether to enable task ${taskID} again`,
      });
      asked.push(workflowId);
    } catch (error) {
      if (!isAlreadyStarted(error)) throw error;
    }
  }
  return asked;
}
