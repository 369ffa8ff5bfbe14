import type { Client, WorkflowHandle } from '@temporalio/client';

/** A workflow's answer to a query; undefined when it has none, or no worker is there to give it in time. */
export async function queryWithin<T>(
  client: Client,
  handle: Pick<WorkflowHandle, 'query'>,
  name: string,
  withinMs = 5_000,
): Promise<T | undefined> {
  try {
    return await client.connection.withDeadline(Date.now() + withinMs, () => handle.query<T>(name));
  } catch {
    return undefined;
  }
}
