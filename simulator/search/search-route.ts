import { z } from 'zod';
import { ApiError } from '../http/api-error.ts';
import type { ApiRoute } from '../http/api-route.ts';
import { param, type Call, type Handler } from '../http/call.ts';
import { route, type Route } from '../http/router.ts';
import { parseBody } from '../wire/parse-body.ts';
import type { SearchIndex } from './search-index.ts';

/** `searchRoute('GET /1/indexes', 'listIndices', ['listIndexes'], handler)` */
export function searchRoute(
  spelled: string,
  operation: string,
  acl: readonly string[],
  handler: Handler,
): Route<ApiRoute> {
  return route(spelled, { operation, acl, handler: (call: Call) => withStatus(() => handler(call)) });
}

/** Errors of the Search API repeat the status in their body. */
function withStatus(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    if (error instanceof ApiError)
      throw new ApiError(error.status, error.message, { status: error.status, ...error.more });
    throw error;
  }
}

export const indexName = (call: Call) => param(call, 'indexName');

export function findIndex(call: Call): SearchIndex {
  const index = call.world.indices.get(indexName(call));
  if (!index) throw new ApiError(404, `Index ${indexName(call)} does not exist`);
  return index;
}

/** Schedules a change of an index; the answer is the task to wait for. */
export function scheduled(
  call: Call,
  member: 'updatedAt' | 'deletedAt' | 'createdAt',
  name: string,
  change: () => void,
) {
  return { taskID: call.world.indices.schedule(name, change), [member]: call.world.clock.iso() };
}

const pageBody = z
  .looseObject({
    query: z.string().default(''),
    page: z.int().min(0).default(0),
    hitsPerPage: z.int().min(0).max(1000).optional(),
    cursor: z.string().optional(),
  })
  .default({ query: '', page: 0 });

/** What is searched for: in the body, or for a GET in the query. */
export function parsePage({ body, query }: Call) {
  if (body !== undefined) return parseBody(pageBody, body);
  const given = Object.fromEntries([...query].filter(([name]) => ['query', 'cursor'].includes(name)));
  const numbers = ['page', 'hitsPerPage'].flatMap((name) => (query.has(name) ? [[name, Number(query.get(name))]] : []));
  return parseBody(pageBody, { ...given, ...Object.fromEntries(numbers) });
}

export function hitsOf(records: Iterable<Record<string, unknown>>, text: string): Record<string, unknown>[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const found = [...records];
  if (words.length === 0) return found;
  return found.filter((record) => {
    const content = JSON.stringify(Object.values(record)).toLowerCase();
    return words.every((word) => content.includes(word));
  });
}
