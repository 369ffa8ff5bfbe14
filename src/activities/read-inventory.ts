import { cancellationSignal } from '@temporalio/activity';
import type { AlgoliaClient } from '../algolia/client.ts';
import type { Inventory, Resource } from '../manifest/inventory.ts';
import { kindsInOrder, type ResourceKind } from '../operations/resource-kinds.ts';
import type { ApiKeys } from '../secrets/api-keys.ts';
import { listAllResources } from './list-resources.ts';
import { callWith } from './with-fresh-key.ts';

/** Reads everything that connectors are made of, oldest first. */
export function createReadInventory(client: AlgoliaClient, keys: ApiKeys) {
  return async function readInventory(): Promise<Inventory> {
    const call = callWith(client, keys, cancellationSignal());
    const entries = kindsInOrder.map(async (kind) => [kind, await listAllResources(call, kind)] as const);
    return Object.fromEntries(await Promise.all(entries)) as Record<ResourceKind, Resource[]>;
  };
}
