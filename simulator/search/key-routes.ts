import { z } from 'zod';
import { ApiError, badRequest } from '../http/api-error.ts';
import { param, type Call } from '../http/call.ts';
import { parseBody } from '../wire/parse-body.ts';
import type { ApiKey } from './api-key.ts';
import { searchRoute } from './search-route.ts';

const rights = [
  'addObject',
  'analytics',
  'browse',
  'deleteIndex',
  'deleteObject',
  'editSettings',
  'inference',
  'listIndexes',
  'logs',
  'personalization',
  'recommendation',
  'search',
  'seeUnretrievableAttributes',
  'settings',
  'usage',
] as const;

const keyBody = z.strictObject({
  acl: z.array(z.enum(rights)),
  description: z.string().optional(),
  indexes: z.array(z.string()).optional(),
  validity: z.int().min(0).optional(),
  maxHitsPerQuery: z.int().min(0).optional(),
  maxQueriesPerIPPerHour: z.int().min(0).optional(),
  queryParameters: z.string().optional(),
  referers: z.array(z.string()).optional(),
});

function readKey(body: unknown) {
  const { acl, description, indexes, validity, ...more } = parseBody(keyBody, body);
  return { acl, description, indexes, validity, more };
}

function showKey(key: ApiKey) {
  const { value, acl, description, indexes, validity, more, createdAt } = key;
  const seconds = Math.floor(createdAt / 1000);
  return { value, createdAt: seconds, acl, validity, description, ...(indexes.length > 0 && { indexes }), ...more };
}

const isAdmin = (key: ApiKey) => key.acl.includes('admin');

/** A key that was created a moment ago may not be there yet. */
function findKey({ world, params }: Call): ApiKey {
  const key = world.keys.get(param({ params }, 'key'));
  if (!key || key.usableAt > world.clock.now()) throw new ApiError(404, 'Key does not exist');
  return key;
}

export const keyRoutes = [
  searchRoute('POST /1/keys', 'addApiKey', ['admin'], ({ world, body }) => {
    const { keyMs, speed } = world.settings;
    const key = world.keys.add(readKey(body), { delayMs: keyMs / speed });
    return { key: key.value, createdAt: world.clock.iso() };
  }),
  searchRoute('GET /1/keys', 'listApiKeys', ['admin'], ({ world }) => ({
    keys: world.keys
      .values()
      .filter((key) => !isAdmin(key) && key.usableAt <= world.clock.now() && world.keys.isUsable(key))
      .map(showKey),
  })),
  /** Any key may look at itself. */
  searchRoute('GET /1/keys/{key}', 'getApiKey', [], (call) => {
    if (!isAdmin(call.key) && call.key.value !== param(call, 'key'))
      throw new ApiError(403, 'Method not allowed with this API key');
    return showKey(findKey(call));
  }),
  searchRoute('PUT /1/keys/{key}', 'updateApiKey', ['admin'], (call) => {
    const { world } = call;
    const current = findKey(call);
    if (isAdmin(current)) throw badRequest("The admin key can't be changed");
    const { acl, description = '', indexes = [], validity = 0, more } = readKey(call.body);
    const expiresAt = validity === 0 ? Infinity : world.clock.now() + validity * 1000;
    world.keys.replace({ ...current, acl, description, indexes, validity, more, expiresAt });
    return { key: current.value, updatedAt: world.clock.iso() };
  }),
  searchRoute('DELETE /1/keys/{key}', 'deleteApiKey', ['admin'], (call) => {
    const key = findKey(call);
    if (isAdmin(key)) throw badRequest("The admin key can't be deleted");
    call.world.keys.delete(key.value);
    return { deletedAt: call.world.clock.iso() };
  }),
  searchRoute('POST /1/keys/{key}/restore', 'restoreApiKey', ['admin'], ({ world, params }) => {
    const value = param({ params }, 'key');
    if (!world.keys.restore(value)) throw new ApiError(404, 'Key does not exist');
    return { key: value, createdAt: world.clock.iso() };
  }),
];
