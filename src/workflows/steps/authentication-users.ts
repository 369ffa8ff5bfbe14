import { repeatable } from '../proxies.ts';
import { isNotFound } from './failure-type.ts';

/** What sends requests, or receives records, with an authentication. */
export interface User {
  readonly kind: 'source' | 'destination';
  readonly id: string;
}

/** Everything that uses an authentication now, sources first. */
export async function usersOf(authenticationID: string): Promise<User[]> {
  const users: User[] = [];
  for (const kind of ['source', 'destination'] as const) {
    const found = await repeatable.findResources({ kind, match: { authenticationID } });
    users.push(...found.map(({ id }) => ({ kind, id })));
  }
  return users;
}

/** Points a source or a destination at another authentication; nothing else of it changes. */
export async function pointAt({ kind, id }: User, authenticationID: string): Promise<void> {
  if (kind === 'source') await repeatable.updateSource({ sourceID: id, sourceUpdate: { authenticationID } });
  else await repeatable.updateDestination({ destinationID: id, destinationUpdate: { authenticationID } });
}

/** What one of them uses now; undefined where it is gone, or uses none. */
export async function authenticationOf({ kind, id }: User): Promise<string | undefined> {
  const read = () =>
    kind === 'source' ? repeatable.getSource({ sourceID: id }) : repeatable.getDestination({ destinationID: id });
  try {
    return (await read()).authenticationID ?? undefined;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** The tasks that run with these, each once. */
export async function tasksOf(users: readonly User[]): Promise<string[]> {
  const taskIDs = new Set<string>();
  for (const { kind, id } of users) {
    const found = await repeatable.findResources({ kind: 'task', match: { [`${kind}ID`]: id } });
    for (const task of found) taskIDs.add(task.id);
  }
  return [...taskIDs];
}
