import { cancellationSignal } from '@temporalio/activity';
import type { AlgoliaClient } from '../algolia/client.ts';
import type { Inventory, Resource } from '../manifest/inventory.ts';
import { kindsInOrder, resourceKinds, type ResourceKind } from '../operations/resource-kinds.ts';
import type { ApiKeys } from '../secrets/api-keys.ts';
import { withFreshKey } from './operation-activities.ts';

const PAGE_SIZE = 100;

/** Reads everything that connectors are made of, oldest first. */
export function createReadInventory(client: AlgoliaClient, keys: ApiKeys) {
  return async function readInventory(): Promise<Inventory> {
    const signal = cancellationSignal();
    const entries = kindsInOrder.map(async (kind) => [kind, await readAll(kind, client, keys, signal)] as const);
    return Object.fromEntries(await Promise.all(entries)) as unknown as Inventory;
  };
}

async function readAll(
  kind: ResourceKind,
  client: AlgoliaClient,
  keys: ApiKeys,
  signal: AbortSignal,
): Promise<Resource[]> {
  const { list, member, id } = resourceKinds[kind];
  const found = new Map<unknown, Resource>();
  const readPages = async () => {
    for (let page = 1; ; page += 1) {
      const query = { itemsPerPage: PAGE_SIZE, page, sort: 'createdAt', order: 'asc' };
      const answer = await withFreshKey(keys, (options) => client.call(list, query as never, { signal, ...options }));
      const items = (answer as unknown as Record<string, readonly Resource[]>)[member] ?? [];
      for (const item of items) if (item[id] !== undefined) found.set(item[id], item);
      if (items.length < PAGE_SIZE) return page;
    }
  };
  // One that is deleted meanwhile moves others to a page that was read, hence once more.
  if ((await readPages()) > 1) await readPages();
  return [...found.values()];
}
