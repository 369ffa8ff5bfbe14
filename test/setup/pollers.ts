import type { Client } from '@temporalio/client';

/** temporal.api.enums.v1.TaskQueueType */
const TYPES = { workflows: 1, activities: 2 } as const;
/** temporal.api.enums.v1.DescribeTaskQueueMode: of every partition of the queue, where the plain answer is of the first. */
const ENHANCED = 1;

/** The identities of whoever the server says polls a task queue. */
export async function pollersOf(client: Client, taskQueue: string, what: keyof typeof TYPES): Promise<string[]> {
  const { versionsInfo } = await client.workflowService.describeTaskQueue({
    namespace: client.options.namespace,
    taskQueue: { name: taskQueue },
    apiMode: ENHANCED,
    taskQueueTypes: [TYPES[what]],
    reportPollers: true,
    versions: { unversioned: true, allActive: true },
  });
  const pollers = Object.values(versionsInfo)
    .flatMap(({ typesInfo }) => Object.values(typesInfo ?? {}))
    .flatMap((info) => info.pollers ?? []);
  return [...new Set(pollers.map(({ identity }) => identity ?? 'unknown'))];
}
