import { randomUUID } from 'node:crypto';
import type { Activities } from '../activities/index.ts';
import type { Session } from './temporal.ts';
import { watchedCall } from './watch-call.ts';

/** Has a worker do what takes its key, and returns what came of it. */
export async function callActivity<N extends keyof Activities>(
  { client, config }: Session,
  name: N,
  args: Parameters<Activities[N]>,
  taskQueue = config.taskQueue,
): Promise<Awaited<ReturnType<Activities[N]>>> {
  const handle = await client.activity.start(name, {
    id: `cli-${name}-${randomUUID()}`,
    taskQueue,
    args,
    startToCloseTimeout: '10m',
    scheduleToCloseTimeout: '15m',
    heartbeatTimeout: '15s',
    retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m' },
  });
  return (await watchedCall(handle)) as Awaited<ReturnType<Activities[N]>>;
}
