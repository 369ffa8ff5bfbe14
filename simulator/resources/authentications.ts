import { randomUUID } from 'node:crypto';
import { refuseInUse } from '../http/api-error.ts';
import { param, type Handlers } from '../http/call.ts';
import {
  authenticationTypes,
  parseAuthenticationCreate,
  parseAuthenticationUpdate,
  platforms,
  PUBLIC_MEMBERS,
} from '../wire/authentication-body.ts';
import type { World } from '../world.ts';
import { checkQuota } from './check-quota.ts';
import { findMany, findOne } from './find-one.ts';
import { paginate, readList, sortItems } from './list-query.ts';
import type { Authentication } from './resource.ts';

/** Credentials are blanked; a one-time `code` is never echoed at all. */
export function showAuthentication({ input, ...rest }: Authentication) {
  const shown = Object.entries(input)
    .filter(([name]) => rest.type !== 'oauth' || name !== 'code')
    .map(([name, value]) => [name, rest.type !== 'secrets' && PUBLIC_MEMBERS.has(name) ? value : null]);
  return { ...rest, owner: null, input: Object.fromEntries(shown) as Record<string, string | null> };
}

const find = (world: World, id: string) => findOne(world.authentications, 'Authentication', id);

export const authenticationHandlers: Handlers = {
  listAuthentications: ({ world, query }) => {
    const type = readList(query, 'type', authenticationTypes);
    const platform = readList(query, 'platform', [...platforms, 'none']);
    const fitting = world.authentications
      .values()
      .filter((item) => (!type || type.has(item.type)) && (!platform || platform.has(item.platform ?? 'none')));
    const sorted = sortItems(fitting, query, {
      name: (item) => item.name,
      type: (item) => item.type,
      platform: (item) => item.platform ?? '',
      updatedAt: (item) => item.updatedAt,
      createdAt: (item) => item.createdAt,
    });
    const { items, pagination } = paginate(sorted, query);
    return { authentications: items.map(showAuthentication), pagination };
  },

  createAuthentication: ({ world, body }) => {
    const created = parseAuthenticationCreate(body);
    checkQuota(world, 'authentications', world.authentications.size);
    const createdAt = world.clock.iso();
    const { authenticationID, name } = world.authentications.put({
      authenticationID: randomUUID(),
      ...created,
      createdAt,
      updatedAt: createdAt,
    });
    return { authenticationID, name, createdAt };
  },

  searchAuthentications: ({ world, body }) =>
    findMany(world.authentications, 'authenticationIDs', body).map(showAuthentication),

  getAuthentication: (call) => showAuthentication(find(call.world, param(call, 'authenticationID'))),

  updateAuthentication: (call) => {
    const { world, body } = call;
    const current = find(world, param(call, 'authenticationID'));
    const { name = current.name, input } = parseAuthenticationUpdate(current.type, body);
    const updatedAt = world.clock.iso();
    world.authentications.put({ ...current, name, input: { ...current.input, ...input }, updatedAt });
    return { authenticationID: current.authenticationID, name, updatedAt };
  },

  deleteAuthentication: (call) => {
    const { world } = call;
    const { authenticationID: id } = find(world, param(call, 'authenticationID'));
    refuseInUse('authentication', [
      ...world.sources.by('authenticationID', id).map(({ sourceID, name }) => ({ id: sourceID, type: 'source', name })),
      ...world.destinations
        .by('authenticationID', id)
        .map(({ destinationID, name }) => ({ id: destinationID, type: 'destination', name })),
      ...world.transformations
        .by('authenticationID', id)
        .map(({ transformationID, name }) => ({ id: transformationID, type: 'transformation', name })),
    ]);
    world.authentications.delete(id);
    return { deletedAt: world.clock.iso() };
  },
};
