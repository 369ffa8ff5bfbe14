import { listPollers, type PolledFor } from '../list-pollers.ts';
import { CliError } from './exit.ts';
import type { Session } from './temporal.ts';

/** Whether a worker has asked this task queue for work of the kind within the last minutes. */
export async function isPolled({ client, config }: Session, kind: PolledFor): Promise<boolean> {
  return (await listPollers(client, config.taskQueue, [kind])).length > 0;
}

export const noWorker = (taskQueue: string) =>
  `No worker polls the task queue ${taskQueue}: start one with \`npm start\`, or name another queue in TASK_QUEUE.`;

/** Rather an error now than a wait for a worker that may never come. */
export async function assertPolled(session: Session): Promise<void> {
  if (!(await isPolled(session, 'activities')))
    throw new CliError(`${noWorker(session.config.taskQueue)} Nothing was sent.`);
}
