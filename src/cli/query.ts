import type { Client, WorkflowHandle } from '@temporalio/client';
import { messageOf } from '../message-of.ts';
import { ASK_AGAIN } from '../workflows/interceptors.ts';

/** A workflow's answer to a query; undefined when it has none, or no worker is there to give it in time. */
export async function queryWithin<T>(
  client: Client,
  handle: Pick<WorkflowHandle, 'query'>,
  name: string,
  withinMs = 5_000,
): Promise<T | undefined> {
  const ask = () => client.connection.withDeadline(Date.now() + withinMs, () => handle.query<T>(name));
  return ask()
    .catch((error: unknown) => (messageOf(error) === ASK_AGAIN ? ask() : undefined))
    .catch(() => undefined);
}
