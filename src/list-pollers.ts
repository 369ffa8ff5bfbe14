import type { Client } from '@temporalio/client';

/** temporal.api.enums.v1.TaskQueueType */
const TYPES = { workflows: 1, activities: 2 } as const;
/** temporal.api.enums.v1.DescribeTaskQueueMode */
const ENHANCED = 1;

export type PolledFor = keyof typeof TYPES;

/**
 * The identities of whoever polls a task queue, or did so in the last five minutes: the server forgets them after that.
 * A queue has several partitions and the plain answer is of the first: a worker that happens to poll the others only is in the
 * enhanced one, which says nothing of deployments.
 */
export async function listPollers(
  client: Client,
  taskQueue: string,
  kinds: readonly PolledFor[] = ['workflows', 'activities'],
): Promise<string[]> {
  const request = { namespace: client.options.namespace, taskQueue: { name: taskQueue } };
  const taskQueueTypes = kinds.map((kind) => TYPES[kind]);
  const [enhanced, ...plain] = await Promise.all([
    client.workflowService.describeTaskQueue({
      ...request,
      apiMode: ENHANCED,
      taskQueueTypes,
      reportPollers: true,
      versions: { unversioned: true, allActive: true },
    }),
    ...taskQueueTypes.map((taskQueueType) => client.workflowService.describeTaskQueue({ ...request, taskQueueType })),
  ]);
  const everywhere = Object.values(enhanced.versionsInfo).flatMap(({ typesInfo }) => Object.values(typesInfo ?? {}));
  const pollers = [...everywhere, ...plain].flatMap((answer) => answer.pollers ?? []);
  return [...new Set(pollers.map(({ identity }) => identity ?? 'unknown'))];
}
