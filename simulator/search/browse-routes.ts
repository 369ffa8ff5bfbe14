import { z } from 'zod';
import { ApiError, badRequest } from '../http/api-error.ts';
import { param, type Call } from '../http/call.ts';
import type { IndexRecord } from '../resources/resource.ts';
import { parseBody } from '../wire/parse-body.ts';
import { findIndex, hitsOf, indexName, parsePage, scheduled, searchRoute } from './search-route.ts';

const BROWSE_PAGE = 1_000;
const SEARCH_PAGE = 20;

const batchBody = z.strictObject({
  requests: z.array(
    z.strictObject({
      action: z.enum(['addObject', 'updateObject', 'deleteObject', 'clear']),
      body: z.looseObject({ objectID: z.string().optional() }).optional(),
    }),
  ),
});

function browse(call: Call) {
  const { query, hitsPerPage = BROWSE_PAGE, cursor } = parsePage(call);
  const from = cursor === undefined ? 0 : Number(Buffer.from(cursor, 'base64url').toString());
  if (!Number.isInteger(from)) throw badRequest('Invalid cursor');
  const found = hitsOf(findIndex(call).records.values(), query);
  const hits = found.slice(from, from + hitsPerPage);
  const next = from + hits.length;
  const more = next < found.length && { cursor: Buffer.from(String(next)).toString('base64url') };
  return { hits, nbHits: found.length, hitsPerPage, query, processingTimeMS: 1, ...more };
}

export const browseRoutes = [
  searchRoute('POST /1/indexes/{indexName}/query', 'searchSingleIndex', ['search'], (call) => {
    const { query, page, hitsPerPage = SEARCH_PAGE } = parsePage(call);
    const found = hitsOf(findIndex(call).records.values(), query);
    const hits = found.slice(page * hitsPerPage, (page + 1) * hitsPerPage);
    const nbPages = hitsPerPage === 0 ? 0 : Math.ceil(found.length / hitsPerPage);
    return {
      hits,
      nbHits: found.length,
      page,
      nbPages,
      hitsPerPage,
      query,
      params: '',
      processingTimeMS: 1,
      exhaustiveNbHits: true,
    };
  }),
  searchRoute('POST /1/indexes/{indexName}/browse', 'browse', ['browse'], browse),
  searchRoute('GET /1/indexes/{indexName}/browse', 'browse', ['browse'], browse),
  searchRoute('POST /1/indexes/{indexName}/batch', 'batch', ['addObject'], (call) => {
    const { requests } = parseBody(batchBody, call.body);
    const name = indexName(call);
    const objectIDs = requests.map(({ body }) => body?.objectID ?? '');
    const changed = scheduled(call, 'updatedAt', name, () => {
      const { records } = call.world.indices.touch(name);
      for (const [place, { action, body }] of requests.entries()) {
        const objectID = objectIDs[place] ?? '';
        if (action === 'clear') records.clear();
        else if (action === 'deleteObject') records.delete(objectID);
        else records.set(objectID, { ...body, objectID } satisfies IndexRecord);
      }
    });
    return { ...changed, objectIDs };
  }),
  searchRoute('GET /1/indexes/{indexName}/{objectID}', 'getObject', ['search'], (call) => {
    const record = findIndex(call).records.get(param(call, 'objectID'));
    if (!record) throw new ApiError(404, 'ObjectID does not exist');
    return record;
  }),
];
