import type { Resource } from '../manifest/inventory.ts';
import { resourceKinds, type ResourceKind } from '../operations/resource-kinds.ts';
import type { Call } from './with-fresh-key.ts';

const PAGE_SIZE = 100;

type Members = { readonly [M in (typeof resourceKinds)[ResourceKind]['member']]?: readonly Resource[] };

/**
 * All resources of a kind, a page at a time, oldest first; where there are several pages, all of it twice, so that some come again.
 * One that is deleted meanwhile moves others to the page before, which has been read already.
 */
export async function* listResources(
  call: Call,
  kind: ResourceKind,
  filter: object = {},
): AsyncGenerator<readonly Resource[]> {
  let pages = 0;
  for await (const items of readPages(call, kind, filter)) {
    pages += 1;
    yield items;
  }
  if (pages > 1) yield* readPages(call, kind, filter);
}

/** The same at once, each as it was read last. */
export async function listAllResources(call: Call, kind: ResourceKind, filter?: object): Promise<Resource[]> {
  const { id } = resourceKinds[kind];
  const all = new Map<unknown, Resource>();
  for await (const items of listResources(call, kind, filter))
    for (const item of items) if (item[id] !== undefined) all.set(item[id], item);
  return [...all.values()];
}

async function* readPages(call: Call, kind: ResourceKind, filter: object): AsyncGenerator<readonly Resource[]> {
  const { list, member } = resourceKinds[kind];
  for (let page = 1; ; page += 1) {
    const query = { itemsPerPage: PAGE_SIZE, page, sort: 'createdAt', order: 'asc', ...filter };
    const answer = await call(list, query as never);
    const items = (answer as Members)[member] ?? [];
    yield items;
    const pages = answer.pagination?.nbPages ?? (items.length < PAGE_SIZE ? page : Infinity);
    if (items.length === 0 || page >= pages) return;
  }
}
