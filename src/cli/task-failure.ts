import type { Client } from '@temporalio/client';
import { decodeOptionalFailureToOptionalError } from '@temporalio/common/lib/internal-non-workflow/index.js';

/**
 * Why a worker could not take a workflow further, where that is the last that happened. A type that isn't there, say: the task is
 * tried again and again, and a query is refused.
 */
export async function readTaskFailure(
  client: Client,
  execution: { readonly workflowId: string; readonly runId: string },
): Promise<string | undefined> {
  const { namespace, loadedDataConverter } = client.options;
  const { history } = await client.workflowService.getWorkflowExecutionHistoryReverse({
    namespace,
    execution,
    maximumPageSize: 1,
  });
  const failure = history?.events?.[0]?.workflowTaskFailedEventAttributes?.failure;
  return (await decodeOptionalFailureToOptionalError(loadedDataConverter, failure))?.message;
}
