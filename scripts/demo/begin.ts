import type { Client, WorkflowHandle } from '@temporalio/client';
import { TASK_QUEUE } from '../services.ts';

export interface Beginning<I> {
  readonly client: Client;
  readonly type: string;
  /** What the workflow's id begins with; the time of the start stands behind it. */
  readonly name: string;
  readonly input: I;
  readonly summary: string;
  readonly say: (text: string) => void;
}

/** Starts it; or goes on with the one that a demo which was stopped half-way has left: two at once would make the same connector. */
export async function begin<I>({ client, type, name, input, summary, say }: Beginning<I>): Promise<WorkflowHandle> {
  const prefix = `demo/${name.replaceAll(' ', '-')}/`;
  const query = `WorkflowType = '${type}' AND WorkflowId STARTS_WITH '${prefix}' AND ExecutionStatus = 'Running'`;
  for await (const { workflowId } of client.workflow.list({ query })) {
    say(`Going on with ${workflowId}, which an earlier demo has begun`);
    return client.workflow.getHandle(workflowId);
  }
  return client.workflow.start(type, {
    taskQueue: TASK_QUEUE,
    workflowId: `${prefix}${Date.now()}`,
    args: [input],
    staticSummary: summary,
  });
}
