import { activityInfo, Context } from '@temporalio/activity';
import { decodeArrayFromPayloads } from '@temporalio/common/lib/internal-non-workflow/index.js';
import type { PushCheckpoint } from './push-checkpoint.ts';

/**
 * The last commit of this workflow's push that is going on. Read before the push is cancelled: the server forgets it when it
 * cancels an activity that no worker has, and its cancellation carries nothing.
 */
export async function readPushCheckpoint(): Promise<PushCheckpoint | undefined> {
  const { workflowId = '', runId } = activityInfo().workflowExecution ?? {};
  const { client } = Context.current();
  const { raw } = await client.workflow.getHandle(workflowId, runId).describe();
  const push = raw.pendingActivities?.find(({ activityType }) => activityType?.name === 'pushSlice');
  const [checkpoint] = await decodeArrayFromPayloads(
    client.options.loadedDataConverter,
    push?.heartbeatDetails?.payloads,
  );
  return checkpoint as PushCheckpoint | undefined;
}
