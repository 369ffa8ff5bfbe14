import { resourceKinds, type ResourceKind } from '../operations/resource-kinds.ts';
import { idOf, type Resource } from './inventory.ts';
import type { Entry } from './manifest.ts';

/** An entry on its way to a resource. */
export interface Wanted {
  readonly place: string;
  readonly entry: Entry;
  /** What Algolia takes, with the ids of what it refers to. */
  readonly body: Readonly<Record<string, unknown>>;
}

export interface Matched extends Wanted {
  /** The resource that the entry is about; absent: there is none yet. */
  readonly resource?: Resource;
}

export interface Matching {
  readonly resources: readonly Resource[];
  /** Whether an update can make the one the other. */
  readonly canBecome: (resource: Resource, wanted: Wanted) => boolean;
  readonly complain: (problem: string) => void;
}

/**
 * Finds the resource of each entry: the one with its pin; else the only one of its name, or of its source, destination and action.
 * One that can't become what the entry says gives way to one that can: a replacement that was interrupted left both.
 */
export function matchEntries(
  kind: ResourceKind,
  wanted: readonly Wanted[],
  { resources, canBecome, complain }: Matching,
): Matched[] {
  const { id, member: section } = resourceKinds[kind];
  const byID = new Map(resources.map((resource) => [idOf(kind, resource), resource]));
  const pinned = (entry: Entry) => byID.get(String(entry[id]));
  const claimed = new Set(wanted.map(({ entry }) => pinned(entry)));
  const loose = groupBy(
    wanted.filter(({ entry }) => !pinned(entry)),
    ({ body }) => keyOf(kind, body),
  );
  for (const [key, entries] of loose) {
    const places = entries.map(({ place }) => place).join(' and ');
    if (entries.length > 1)
      complain(`${places} are both ${key}: give them different names, or say which is which by ${id}`);
  }
  const free = groupBy(
    resources.filter((resource) => !claimed.has(resource)),
    (resource) => keyOf(kind, resource),
  );
  return wanted.map((one) => {
    const own = pinned(one.entry);
    const named = free.get(keyOf(kind, one.body)) ?? [];
    const fitting = named.filter((resource) => canBecome(resource, one));
    if (own) return { ...one, resource: !canBecome(own, one) && fitting.length === 1 && fitting[0] ? fitting[0] : own };
    const [only, ...others] = fitting.length === 1 ? fitting : named;
    if (only && others.length > 0) {
      const ids = named.map((other) => idOf(kind, other)).join(', ');
      complain(
        `${one.place}: Algolia has ${named.length} ${section} that are ${keyOf(kind, one.body)} (${ids}): say which by ${id}`,
      );
    }
    return only ? { ...one, resource: only } : one;
  });
}

/** What makes it this one and no other, in words. */
export function keyOf(kind: ResourceKind, { name, sourceID, destinationID, action }: Resource): string {
  if (kind !== 'task') return `named '${String(name)}'`;
  return `of source ${idText(sourceID)} and destination ${idText(destinationID)} with the action ${String(action)}`;
}

const idText = (id: unknown): string => (typeof id === 'string' ? id : String((id as { $idOf?: string })?.$idOf));

function groupBy<T>(items: readonly T[], keyOfItem: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOfItem(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}
