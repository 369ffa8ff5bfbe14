import proto from '@temporalio/proto';
import { CliError } from './exit.ts';
import type { Session } from './temporal.ts';

const { TaskQueueType } = proto.temporal.api.enums.v1;

/** Whether a worker has asked this task queue for work of the kind within the last minutes; the server forgets them after five. */
export async function isPolled({ client, config }: Session, kind: 'activities' | 'workflows'): Promise<boolean> {
  const { pollers } = await client.workflowService.describeTaskQueue({
    namespace: client.options.namespace,
    taskQueue: { name: config.taskQueue },
    taskQueueType:
      kind === 'activities' ? TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY : TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
  });
  return (pollers ?? []).length > 0;
}

export const noWorker = (taskQueue: string) =>
  `No worker polls the task queue ${taskQueue}: start one with \`npm start\`, or name another queue in TASK_QUEUE.`;

/** Rather an error now than a wait for a worker that may never come. */
export async function assertPolled(session: Session): Promise<void> {
  if (!(await isPolled(session, 'activities')))
    throw new CliError(`${noWorker(session.config.taskQueue)} Nothing was sent.`);
}
