import { cancellationSignal } from '@temporalio/activity';
import type { AlgoliaClient } from '../algolia/client.ts';
import type { Inventory, Resource } from '../manifest/inventory.ts';
import { kindsInOrder, resourceKinds, type ResourceKind } from '../operations/resource-kinds.ts';
import type { ApiKeys } from '../secrets/api-keys.ts';
import { listResources } from './list-resources.ts';
import { callWith, type Call } from './with-fresh-key.ts';

/** Reads everything that connectors are made of, oldest first. */
export function createReadInventory(client: AlgoliaClient, keys: ApiKeys) {
  return async function readInventory(): Promise<Inventory> {
    const call = callWith(client, keys, cancellationSignal());
    const entries = kindsInOrder.map(async (kind) => [kind, await readAll(call, kind)] as const);
    return Object.fromEntries(await Promise.all(entries)) as Record<ResourceKind, Resource[]>;
  };
}

async function readAll(call: Call, kind: ResourceKind): Promise<Resource[]> {
  const { id } = resourceKinds[kind];
  const found = new Map<unknown, Resource>();
  for await (const items of listResources(call, kind))
    for (const item of items) if (item[id] !== undefined) found.set(item[id], item);
  return [...found.values()];
}
