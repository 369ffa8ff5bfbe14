import type { Client } from '@temporalio/client';
import type { temporal } from '@temporalio/proto';

type History = temporal.api.history.v1.IHistory;

/** The histories of a workflow that went on in new ones, in order. */
export async function historiesOfChain(client: Client, workflowId: string, firstRunId: string): Promise<History[]> {
  const histories: History[] = [];
  for (let runId: string | null | undefined = firstRunId; runId;) {
    const history: History = await client.workflow.getHandle(workflowId, runId).fetchHistory();
    histories.push(history);
    runId = history.events?.at(-1)?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId;
  }
  return histories;
}

/** How many children histories tell of, and how many of them were under way at a time at most. */
export function outstandingChildren(histories: readonly History[]): {
  started: number;
  most: number;
} {
  let [started, now, most] = [0, 0, 0];
  for (const event of histories.flatMap(({ events }) => events ?? [])) {
    if (event.startChildWorkflowExecutionInitiatedEventAttributes) {
      started += 1;
      now += 1;
      most = Math.max(most, now);
    }
    if (
      event.childWorkflowExecutionCompletedEventAttributes ??
      event.childWorkflowExecutionFailedEventAttributes ??
      event.childWorkflowExecutionCanceledEventAttributes ??
      event.childWorkflowExecutionTerminatedEventAttributes ??
      event.childWorkflowExecutionTimedOutEventAttributes ??
      event.startChildWorkflowExecutionFailedEventAttributes
    )
      now -= 1;
  }
  return { started, most };
}
