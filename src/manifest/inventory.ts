import { resourceKinds, type ResourceKind } from '../operations/resource-kinds.ts';

export type Resource = Readonly<Record<string, unknown>>;

/** Everything that Algolia has, oldest first. */
export type Inventory = Readonly<Record<ResourceKind, readonly Resource[]>>;

export const idOf = (kind: ResourceKind, resource: Resource): string => String(resource[resourceKinds[kind].id]);

/** What tells a task, which has no name, from others. */
export const taskName = (source: string, destination: string, action: unknown): string =>
  `${source} → ${destination}, ${String(action)}`;

/** What people call it. */
export function nameOf(kind: ResourceKind, resource: Resource, inventory: Inventory): string {
  if (kind !== 'task') return String(resource.name);
  const named = (other: 'source' | 'destination', id: unknown) => {
    const found = inventory[other].find((one) => idOf(other, one) === id);
    return String(found?.name ?? id);
  };
  return taskName(
    named('source', resource.sourceID),
    named('destination', resource.destinationID),
    resource.action ?? '?',
  );
}
