import { randomUUID } from 'node:crypto';
import { refuseInUse } from '../http/api-error.ts';
import { param, type Handlers } from '../http/call.ts';
import { createTransformer } from '../runs/transformer.ts';
import { parseTransformationCreate, parseTransformationTry, transformationTypes } from '../wire/transformation-body.ts';
import type { World } from '../world.ts';
import { findMany, findOne, requireExisting } from './find-one.ts';
import { paginate, readOne, sortItems } from './list-query.ts';
import type { Transformation } from './resource.ts';

export const showTransformation = (transformation: Transformation) => ({ ...transformation, owner: null });

const find = (world: World, id: string) => findOne(world.transformations, 'Transformation', id);

/** A failed try is a success of HTTP. */
function tryOut(body: unknown) {
  const { sampleRecord, authentications, ...code } = parseTransformationTry(body);
  const secrets = authentications.filter(({ type }) => type === 'secrets').map(({ input }) => input);
  const outcome = createTransformer(code).apply([sampleRecord], Object.assign({}, ...secrets));
  const [result] = outcome.results;
  const error = outcome.error ?? (result && 'error' in result ? result.error : undefined);
  if (error !== undefined) return { payloads: [], error: { code: 400, message: error } };
  return { payloads: result && 'records' in result ? result.records.map((record) => JSON.stringify(record)) : [] };
}

export const transformationHandlers: Handlers = {
  listTransformations: ({ world, query }) => {
    const type = readOne(query, 'type', transformationTypes);
    const fitting = world.transformations.values().filter((item) => type === undefined || item.type === type);
    const sorted = sortItems(fitting, query, {
      name: (item) => item.name,
      updatedAt: (item) => item.updatedAt,
      createdAt: (item) => item.createdAt,
    });
    const { items, pagination } = paginate(sorted, query);
    return { transformations: items.map(showTransformation), pagination };
  },

  createTransformation: ({ world, body }) => {
    const created = parseTransformationCreate(body);
    requireExisting(world.authentications, 'Authentication', created.authenticationIDs ?? []);
    const createdAt = world.clock.iso();
    const transformationID = randomUUID();
    world.transformations.put({ transformationID, ...created, createdAt, updatedAt: createdAt });
    return { transformationID, createdAt };
  },

  searchTransformations: ({ world, body }) =>
    findMany(world.transformations, 'transformationIDs', body).map(showTransformation),

  getTransformation: (call) => showTransformation(find(call.world, param(call, 'transformationID'))),

  /** There is no partial update: what is left out is gone. */
  updateTransformation: (call) => {
    const { world, body } = call;
    const { transformationID, createdAt } = find(world, param(call, 'transformationID'));
    const replacement = parseTransformationCreate(body);
    requireExisting(world.authentications, 'Authentication', replacement.authenticationIDs ?? []);
    const updatedAt = world.clock.iso();
    world.transformations.put({ transformationID, ...replacement, createdAt, updatedAt });
    return { transformationID, updatedAt };
  },

  deleteTransformation: (call) => {
    const { world } = call;
    const { transformationID: id } = find(world, param(call, 'transformationID'));
    refuseInUse(
      'transformation',
      world.destinations
        .by('transformationID', id)
        .map(({ destinationID, name }) => ({ id: destinationID, type: 'destination', name })),
    );
    world.transformations.delete(id);
    return { deletedAt: world.clock.iso() };
  },

  tryTransformation: ({ body }) => tryOut(body),

  tryTransformationBeforeUpdate: (call) => {
    find(call.world, param(call, 'transformationID'));
    return tryOut(call.body);
  },
};
