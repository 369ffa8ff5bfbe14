/** Pages of the Search API are counted from 0; without `page` everything is on the first. */
export function paginateHits<T>(items: readonly T[], query: URLSearchParams, defaultPerPage: number) {
  if (!query.has('page')) return { items, nbPages: 1 };
  const perPage = Number(query.get('hitsPerPage') ?? defaultPerPage) || defaultPerPage;
  const page = Number(query.get('page')) || 0;
  return {
    items: items.slice(page * perPage, (page + 1) * perPage),
    nbPages: Math.max(1, Math.ceil(items.length / perPage)),
  };
}
