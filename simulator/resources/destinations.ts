import { randomUUID } from 'node:crypto';
import { refuseInUse } from '../http/api-error.ts';
import { param, type Handlers } from '../http/call.ts';
import { destinationCreate, destinationTypes, destinationUpdate } from '../wire/destination-body.ts';
import { parseBody } from '../wire/parse-body.ts';
import type { World } from '../world.ts';
import { checkQuota } from './check-quota.ts';
import { findMany, findOne, requireExisting } from './find-one.ts';
import { paginate, readList, sortItems } from './list-query.ts';
import type { Destination } from './resource.ts';

export const showDestination = (destination: Destination) => ({ ...destination, owner: null });

const find = (world: World, id: string) => findOne(world.destinations, 'Destination', id);

function checkReferences(world: World, body: Pick<Destination, 'authenticationID' | 'transformationIDs'>): void {
  requireExisting(world.authentications, 'Authentication', [body.authenticationID]);
  requireExisting(world.transformations, 'Transformation', body.transformationIDs ?? []);
}

export const destinationHandlers: Handlers = {
  listDestinations: ({ world, query }) => {
    const type = readList(query, 'type', destinationTypes);
    const authenticationID = readList(query, 'authenticationID');
    const transformationID = query.get('transformationID');
    const fitting = world.destinations
      .values()
      .filter(
        (item) =>
          (!type || type.has(item.type)) &&
          (!authenticationID || authenticationID.has(item.authenticationID ?? 'none')) &&
          (transformationID === null || item.transformationIDs?.includes(transformationID)),
      );
    const sorted = sortItems(fitting, query, {
      name: (item) => item.name,
      type: (item) => item.type,
      updatedAt: (item) => item.updatedAt,
      createdAt: (item) => item.createdAt,
    });
    const { items, pagination } = paginate(sorted, query);
    return { destinations: items.map(showDestination), pagination };
  },

  createDestination: ({ world, body }) => {
    const created = parseBody(destinationCreate, body);
    checkReferences(world, created);
    checkQuota(world, 'destinations', world.destinations.size);
    const createdAt = world.clock.iso();
    const destinationID = randomUUID();
    world.destinations.put({ destinationID, ...created, createdAt, updatedAt: createdAt });
    return { destinationID, name: created.name, createdAt };
  },

  searchDestinations: ({ world, body }) => findMany(world.destinations, 'destinationIDs', body).map(showDestination),

  getDestination: (call) => showDestination(find(call.world, param(call, 'destinationID'))),

  updateDestination: (call) => {
    const { world, body } = call;
    const current = find(world, param(call, 'destinationID'));
    const { input, ...rest } = parseBody(destinationUpdate, body);
    checkReferences(world, rest);
    const updatedAt = world.clock.iso();
    const indexName = input?.indexName ?? current.input.indexName;
    const { destinationID, name } = world.destinations.put({
      ...current,
      ...rest,
      name: rest.name ?? current.name,
      input: { ...current.input, ...input, indexName },
      updatedAt,
    });
    return { destinationID, name, updatedAt };
  },

  deleteDestination: (call) => {
    const { world } = call;
    const { destinationID: id } = find(world, param(call, 'destinationID'));
    refuseInUse(
      'destination',
      world.tasks.by('destinationID', id).map(({ taskID }) => ({ id: taskID, type: 'task' })),
    );
    world.destinations.delete(id);
    return { deletedAt: world.clock.iso() };
  },
};
