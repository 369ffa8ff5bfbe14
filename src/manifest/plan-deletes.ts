import { kindsInOrder, resourceKinds } from '../operations/resource-kinds.ts';
import type { Decided } from './decide-entries.ts';
import { toEntry } from './export-manifest.ts';
import { idOf, nameOf, type Inventory } from './inventory.ts';
import type { Manifest } from './manifest.ts';
import type { DeleteStep, Planned } from './plan.ts';
import { idsReferredTo } from './references.ts';

/** What the manifest's sections don't mention. What no manifest can express is left alone. */
export function foreignOf(
  manifest: Manifest,
  inventory: Inventory,
  all: readonly Decided[],
  notes: string[],
): Planned['foreign'] {
  const known = new Set(all.map(({ resource }) => resource));
  return kindsInOrder
    .filter((kind) => manifest[resourceKinds[kind].member] !== undefined)
    .flatMap((kind) =>
      inventory[kind]
        .filter((resource) => !known.has(resource))
        .flatMap((resource) => {
          const named = { kind, id: idOf(kind, resource), name: nameOf(kind, resource, inventory) };
          const { problem } = toEntry(kind, resource, inventory);
          if (problem === undefined) return [named];
          notes.push(`${kind} ${named.name} (${named.id}) is left alone: no manifest can express it (${problem})`);
          return [];
        }),
    );
}

/** What needs others goes before what they need. */
export function deletesOf(all: readonly Decided[], pruned: Planned['foreign'], inventory: Inventory): DeleteStep[] {
  const replaced = all.flatMap(({ kind, resource, replaced: isReplaced }) =>
    resource && isReplaced
      ? [{ kind, id: idOf(kind, resource), name: nameOf(kind, resource, inventory), why: 'replaced' as const }]
      : [],
  );
  const deleted = [...replaced, ...pruned.map((one) => ({ ...one, why: 'notInManifest' as const }))];
  return kindsInOrder
    .toReversed()
    .flatMap((kind) => deleted.filter((one) => one.kind === kind))
    .map((one) => ({ change: 'delete', ...one }));
}

/** Algolia refuses to delete what something else needs: that should be known before anything is done. */
export function stillInUse(deletes: readonly DeleteStep[], all: readonly Decided[], inventory: Inventory): string[] {
  const gone = new Set(deletes.map(({ id }) => id));
  const entries = new Map(all.map((one) => [one.resource, one]));
  return kindsInOrder.flatMap((kind) =>
    inventory[kind]
      .filter((resource) => !gone.has(idOf(kind, resource)))
      .flatMap((resource) => {
        const after = { ...resource, ...entries.get(resource)?.body };
        const needed = new Set(idsReferredTo(kind, after));
        return deletes
          .filter(({ id }) => needed.has(id))
          .map(
            (one) =>
              `${one.kind} ${one.name} (${one.id}) can't be deleted: ${kind} ${nameOf(kind, resource, inventory)} (${idOf(kind, resource)}) needs it`,
          );
      }),
  );
}
