import { z } from 'zod';
import { parseBody } from '../wire/parse-body.ts';
import type { IndexRecord } from '../resources/resource.ts';
import { hitsOf, indexName, parsePage, scheduled, searchRoute } from './search-route.ts';

const items = z.array(z.looseObject({ objectID: z.string().min(1) }));

/** Rules and synonyms, as far as it takes to see that a replacement keeps them. */
const routesFor = (kind: 'rules' | 'synonyms', save: string, search: string) => [
  searchRoute(`POST /1/indexes/{indexName}/${kind}/batch`, save, ['editSettings'], (call) => {
    const name = indexName(call);
    const given = parseBody(items, call.body) as IndexRecord[];
    return scheduled(call, 'updatedAt', name, () => {
      const index = call.world.indices.touch(name);
      for (const item of given) index[kind].set(item.objectID, item);
    });
  }),
  searchRoute(`POST /1/indexes/{indexName}/${kind}/search`, search, ['settings'], (call) => {
    const { query, page, hitsPerPage = 20 } = parsePage(call);
    const found = hitsOf(call.world.indices.get(indexName(call))?.[kind].values() ?? [], query);
    const hits = found.slice(page * hitsPerPage, (page + 1) * hitsPerPage);
    return { hits, nbHits: found.length, page, nbPages: Math.ceil(found.length / hitsPerPage) };
  }),
];

export const ruleRoutes = [
  ...routesFor('rules', 'saveRules', 'searchRules'),
  ...routesFor('synonyms', 'saveSynonyms', 'searchSynonyms'),
];
