import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { badRequest, refuseInUse } from '../http/api-error.ts';
import { param, type Handlers } from '../http/call.ts';
import { discoverStreams, validateSource } from '../runs/check-source.ts';
import { startRun } from '../runs/start-run.ts';
import { parseBody } from '../wire/parse-body.ts';
import { parseSourceCreate, parseSourceUpdate, sourceTypes, type SourceType } from '../wire/source-body.ts';
import type { World } from '../world.ts';
import { checkQuota } from './check-quota.ts';
import { findMany, findOne, requireExisting } from './find-one.ts';
import { paginate, readList, sortItems } from './list-query.ts';
import type { Source } from './resource.ts';

const ECOMMERCE = new Set(['shopify', 'bigcommerce', 'commercetools']);

/** An update of these must give the whole input again, so it replaces it. */
const WHOLE_INPUT = new Set(['json', 'csv', 'bigquery', 'ga4BigqueryExport']);

const runPayload = z
  .strictObject({
    indexToInclude: z.array(z.string()).optional(),
    indexToExclude: z.array(z.string()).optional(),
    entityIDs: z.array(z.string()).optional(),
    entityType: z.enum(['product', 'collection']).optional(),
    runMetadata: z.record(z.string(), z.unknown()).optional(),
  })
  .default({});

/** A connector's configuration may hold credentials under any name, so nothing of it is answered but the names. */
export function showSource(source: Source) {
  const { input } = source;
  const { configuration } = input ?? {};
  if (!input || configuration === undefined) return { ...source, owner: null };
  return { ...source, owner: null, input: { ...input, configuration: blank(configuration) } };
}

function blank(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, blank(item)]));
}

const find = (world: World, id: string) => findOne(world.sources, 'Source', id);

/** The source as it would be after the update in the body. */
function applyUpdate(world: World, current: Source, body: unknown): Source {
  const { input, ...rest } = parseSourceUpdate(current.type as SourceType, body ?? {});
  requireExisting(world.authentications, 'Authentication', [rest.authenticationID]);
  const changed = { ...current, ...rest, name: rest.name ?? current.name, updatedAt: world.clock.iso() };
  if (!input) return changed;
  return { ...changed, input: WHOLE_INPUT.has(current.type) ? input : { ...current.input, ...input } };
}

export const sourceHandlers: Handlers = {
  listSources: ({ world, query }) => {
    const type = readList(query, 'type', sourceTypes);
    const authenticationID = readList(query, 'authenticationID');
    const fitting = world.sources
      .values()
      .filter(
        (item) =>
          (!type || type.has(item.type)) &&
          (!authenticationID || authenticationID.has(item.authenticationID ?? 'none')),
      );
    const sorted = sortItems(fitting, query, {
      name: (item) => item.name,
      type: (item) => item.type,
      updatedAt: (item) => item.updatedAt,
      createdAt: (item) => item.createdAt,
    });
    const { items, pagination } = paginate(sorted, query);
    return { sources: items.map(showSource), pagination };
  },

  createSource: ({ world, body }) => {
    const created = parseSourceCreate(body);
    requireExisting(world.authentications, 'Authentication', [created.authenticationID]);
    checkQuota(world, 'sources', world.sources.size);
    const createdAt = world.clock.iso();
    const sourceID = randomUUID();
    world.sources.put({ sourceID, ...created, createdAt, updatedAt: createdAt });
    return { sourceID, name: created.name, createdAt };
  },

  searchSources: ({ world, body }) => findMany(world.sources, 'sourceIDs', body).map(showSource),

  getSource: (call) => showSource(find(call.world, param(call, 'sourceID'))),

  updateSource: (call) => {
    const { world, body } = call;
    const { sourceID, name, updatedAt } = world.sources.put(
      applyUpdate(world, find(world, param(call, 'sourceID')), body),
    );
    return { sourceID, name, updatedAt };
  },

  deleteSource: (call) => {
    const { world } = call;
    const { sourceID: id } = find(world, param(call, 'sourceID'));
    refuseInUse(
      'source',
      world.tasks.by('sourceID', id).map(({ taskID }) => ({ id: taskID, type: 'task' })),
    );
    world.sources.delete(id);
    world.attached.delete(id);
    return { deletedAt: world.clock.iso() };
  },

  validateSource: ({ world, body }) => {
    // The official client sends {} where it was given nothing.
    if (body === undefined || (typeof body === 'object' && body !== null && Object.keys(body).length === 0)) {
      return validateSource(world, undefined);
    }
    const source = parseSourceCreate(body);
    requireExisting(world.authentications, 'Authentication', [source.authenticationID]);
    const now = world.clock.iso();
    return validateSource(world, { sourceID: '', ...source, createdAt: now, updatedAt: now });
  },

  validateSourceBeforeUpdate: (call) =>
    validateSource(call.world, applyUpdate(call.world, find(call.world, param(call, 'sourceID')), call.body)),

  triggerDockerSourceDiscover: (call) => {
    const source = find(call.world, param(call, 'sourceID'));
    if (source.type !== 'docker') throw badRequest('only sources of type docker have streams to discover');
    return discoverStreams(call.world, source);
  },

  runSource: (call) => {
    const { world } = call;
    const source = find(world, param(call, 'sourceID'));
    const payload = parseBody(runPayload, call.body);
    if (!ECOMMERCE.has(source.type)) throw badRequest(`sources of type ${source.type} can't be run: run their tasks`);
    if ((payload.entityIDs === undefined) !== (payload.entityType === undefined))
      throw badRequest('entityIDs and entityType: must be given together');
    const { indexToInclude: included, indexToExclude: excluded } = payload;
    const tasks = world.tasks.by('sourceID', source.sourceID).filter(({ enabled, destinationID }) => {
      const indexName = world.destinations.get(destinationID)?.input.indexName ?? '';
      return enabled && (!included || included.includes(indexName)) && !excluded?.includes(indexName);
    });
    const runs = tasks.map((task) => [task.taskID, startRun(world, task, { onlyIDs: payload.entityIDs }).runID]);
    return { taskWithRunID: Object.fromEntries(runs) as Record<string, string>, createdAt: world.clock.iso() };
  },
};
