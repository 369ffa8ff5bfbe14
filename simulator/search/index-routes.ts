import { z } from 'zod';
import { ApiError, badRequest } from '../http/api-error.ts';
import { checkIndexAllowed } from '../http/check-credentials.ts';
import { param } from '../http/call.ts';
import { isObject } from '../is-object.ts';
import { paginateHits } from './paginate-hits.ts';
import { allowsIndex } from './api-key.ts';
import { parseBody } from '../wire/parse-body.ts';
import type { World } from '../world.ts';
import type { SearchIndex } from './search-index.ts';
import { findIndex, indexName, scheduled, searchRoute } from './search-route.ts';

const scopes = ['settings', 'rules', 'synonyms'] as const;
const operationBody = z.strictObject({
  operation: z.enum(['copy', 'move']),
  destination: z.string().min(1),
  scope: z.array(z.enum(scopes)).optional(),
});

/** A copy with a scope takes that and leaves the records; without one it takes all. */
function copyIndex(
  world: World,
  from: string,
  to: string,
  scope: readonly (typeof scopes)[number][] | undefined,
): void {
  const source = world.indices.get(from);
  const target = world.indices.touch(to);
  if (!scope) target.records = new Map(source?.records);
  const copied = scope ?? scopes;
  if (copied.includes('settings')) target.settings = { ...source?.settings };
  if (copied.includes('rules')) target.rules = new Map(source?.rules);
  if (copied.includes('synonyms')) target.synonyms = new Map(source?.synonyms);
}

/** Moving what isn't there does nothing. */
function moveIndex(world: World, from: string, to: string): void {
  if (!world.indices.get(from)) return;
  copyIndex(world, from, to, undefined);
  world.indices.delete(from);
}

function showIndex({ name, records, createdAt, updatedAt, pendingTasks }: SearchIndex) {
  const entries = records.size;
  return {
    name,
    createdAt,
    updatedAt,
    entries,
    dataSize: entries * 100,
    fileSize: entries * 120,
    lastBuildTimeS: 0,
    numberOfPendingTasks: pendingTasks,
    pendingTask: pendingTasks > 0,
  };
}

export const indexRoutes = [
  searchRoute('GET /1/indexes', 'listIndices', ['listIndexes'], (call) => {
    const all = call.world.indices.values().filter(({ name }) => allowsIndex(call.key, name));
    const { items, nbPages } = paginateHits(all, call.query, 100);
    return { items: items.map(showIndex), nbPages };
  }),
  searchRoute('POST /1/indexes/{indexName}/operation', 'operationIndex', ['addObject'], (call) => {
    const { world } = call;
    const from = indexName(call);
    const { operation, destination, scope } = parseBody(operationBody, call.body);
    checkIndexAllowed(call.key, destination);
    if (destination === from) throw badRequest('The destination must be another index');
    if (operation === 'move' && scope) throw badRequest('scope: is for copies only');
    return scheduled(call, 'updatedAt', from, () =>
      operation === 'copy' ? copyIndex(world, from, destination, scope) : moveIndex(world, from, destination),
    );
  }),
  searchRoute('GET /1/indexes/{indexName}/task/{taskID}', 'getIndexTask', ['addObject'], (call) => {
    const status = call.world.indices.statusOf(Number(param(call, 'taskID')));
    if (!status) throw new ApiError(404, 'Task does not exist');
    return { status, pendingTask: status === 'notPublished' };
  }),
  searchRoute('DELETE /1/indexes/{indexName}', 'deleteIndex', ['deleteIndex'], (call) => {
    const name = indexName(call);
    return scheduled(call, 'deletedAt', name, () => call.world.indices.delete(name));
  }),
  searchRoute('POST /1/indexes/{indexName}/clear', 'clearObjects', ['deleteIndex'], (call) => {
    const name = indexName(call);
    return scheduled(call, 'updatedAt', name, () => call.world.indices.touch(name).records.clear());
  }),
  searchRoute('GET /1/indexes/{indexName}/settings', 'getSettings', ['settings'], (call) => findIndex(call).settings),
  searchRoute('PUT /1/indexes/{indexName}/settings', 'setSettings', ['editSettings'], (call) => {
    const name = indexName(call);
    const { body } = call;
    if (!isObject(body)) throw badRequest('body: must be of type object');
    return scheduled(call, 'updatedAt', name, () => Object.assign(call.world.indices.touch(name).settings, body));
  }),
];
