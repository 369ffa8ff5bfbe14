import { QueryNotRegisteredError, type Client, type WorkflowHandle } from '@temporalio/client';
import { messageOf } from '../message-of.ts';
import { ASK_AGAIN } from '../workflows/interceptors.ts';

/** In place of an answer: a worker says that the workflow has no such query. */
export const NO_SUCH_QUERY = Symbol('no such query');

/** A workflow's answer to a query; undefined when it has none, or no worker is there to give it in time. */
export async function queryWithin<T>(
  client: Client,
  handle: Pick<WorkflowHandle, 'query'>,
  name: string,
  withinMs?: number,
): Promise<T | undefined> {
  const answer = await tryQuery<T>(client, handle, name, withinMs);
  return answer === NO_SUCH_QUERY ? undefined : answer;
}

/** The same, but that it tells a workflow without the query from a worker that isn't there. */
export function tryQuery<T>(
  client: Client,
  handle: Pick<WorkflowHandle, 'query'>,
  name: string,
  withinMs = 5_000,
): Promise<T | typeof NO_SUCH_QUERY | undefined> {
  const ask = () => client.connection.withDeadline(Date.now() + withinMs, () => handle.query<T>(name));
  return ask()
    .catch((error: unknown) => (messageOf(error) === ASK_AGAIN ? ask() : Promise.reject(error)))
    .catch((error: unknown) => (isUnknown(error) ? NO_SUCH_QUERY : undefined));
}

/** Whatever else a query fails with comes as the same error. */
const isUnknown = (error: unknown): boolean =>
  error instanceof QueryNotRegisteredError && error.message.includes('did not register a handler');
