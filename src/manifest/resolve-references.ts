import { didYouMean } from '../algolia/near-names.ts';
import { resourceKinds, type ResourceKind } from '../operations/resource-kinds.ts';
import { idOf, type Inventory } from './inventory.ts';
import type { Entry } from './manifest.ts';
import { references } from './references.ts';

/** The id of a resource; or of what is yet to be made of an entry. */
export type Target = string | { readonly $idOf: string };

/** An entry that others may refer to. */
export interface Referable {
  readonly place: string;
  readonly entry: Entry;
  readonly target: Target;
  /** The resource that it is about. */
  readonly id?: string | undefined;
}

export type Referables = Readonly<Partial<Record<ResourceKind, readonly Referable[]>>>;

/** The members that hold ids, of what the entry refers to by name or by id: in the manifest, or else at Algolia. */
export function resolveReferences(
  kind: ResourceKind,
  { place, entry }: { readonly place: string; readonly entry: Entry },
  referables: Referables,
  inventory: Inventory,
  complain: (problem: string) => void,
): Record<string, unknown> {
  const pairs = references[kind].flatMap(({ to, by, id, many }) => {
    const member = entry[by] === undefined ? id : by;
    const value = entry[member];
    if (value === undefined) return [];
    const find = member === by ? byName : byID;
    const targets = (many ? (value as string[]) : [value as string]).map((one, index) =>
      find(to, one, referables[to] ?? [], inventory, (problem) =>
        complain(`${place}.${member}${many ? `[${index}]` : ''}: ${problem}`),
      ),
    );
    return [[id, many ? targets : targets[0]]];
  });
  return Object.fromEntries(pairs);
}

type Find = (
  kind: ResourceKind,
  wanted: string,
  referables: readonly Referable[],
  inventory: Inventory,
  complain: (problem: string) => void,
) => Target;

const byName: Find = (kind, name, referables, inventory, complain) => {
  const { id, member: section } = resourceKinds[kind];
  const entries = referables.filter(({ entry }) => entry.name === name);
  const existing = entries.length > 0 ? [] : inventory[kind].filter((resource) => resource.name === name);
  const targets = [...entries.map(({ target }) => target), ...existing.map((resource) => idOf(kind, resource))];
  if (targets.length > 1) complain(`${targets.length} ${section} are named '${name}': say which by ${id}`);
  if (targets.length === 0) {
    const names = [...referables.map(({ entry }) => entry.name), ...inventory[kind].map((resource) => resource.name)];
    const hint = didYouMean(name, [...new Set(names.map(String))]);
    complain(`there is no ${kind} named '${name}', neither in the manifest nor at Algolia${hint ? `. ${hint}` : ''}`);
  }
  return targets[0] ?? '';
};

const byID: Find = (kind, wanted, referables, inventory, complain) => {
  const { id: pin } = resourceKinds[kind];
  const entry =
    referables.find(({ id }) => id === wanted) ??
    // The manifest may come from another application, where it had this id.
    referables.find((other) => other.entry[pin] === wanted);
  if (entry) return entry.target;
  if (!inventory[kind].some((resource) => idOf(kind, resource) === wanted)) complain(`there is no ${kind} ${wanted}`);
  return wanted;
};
