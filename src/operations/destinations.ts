import { z } from 'zod';
import { answer, Deleted, idempotent, listOf, once, order, page, read, resourceName, text } from './operation.ts';

const destinationType = z.enum(['search', 'insights']);
const destinationInput = z.strictObject({
  indexName: z.string().min(1),
  recordType: z.enum(['product', 'variant', 'collection']).optional(),
  attributesToExclude: z.array(z.string()).optional(),
});

export const DestinationCreate = z.strictObject({
  type: destinationType,
  name: resourceName,
  input: destinationInput,
  authenticationID: z.string().min(1).optional(),
  transformationIDs: z.array(z.string()).optional(),
});

const DestinationUpdate = z.strictObject({
  name: resourceName.optional(),
  input: destinationInput.partial().optional(),
  authenticationID: z.string().min(1).optional(),
  transformationIDs: z.array(z.string()).optional(),
});

const Destination = answer({
  destinationID: z.string(),
  type: z.string(),
  name: z.string(),
  owner: text,
  input: answer({ indexName: text, recordType: text, attributesToExclude: z.array(z.string()).nullish() }).nullish(),
  authenticationID: text,
  transformationIDs: z.array(z.string()).nullish(),
  createdAt: text,
  updatedAt: text,
});

export const destinations = {
  listDestinations: read('GET /1/destinations', 'List destinations', {
    query: {
      ...page,
      type: z.array(destinationType).optional(),
      authenticationID: z.array(z.string()).optional(),
      transformationID: z.string().optional(),
      sort: z.enum(['name', 'type', 'updatedAt', 'createdAt']).optional(),
      order,
    },
    response: listOf('destinations', Destination.partial()),
  }),
  createDestination: once('POST /1/destinations', 'Create a destination', {
    body: DestinationCreate,
    response: answer({ destinationID: z.string(), name: text, createdAt: text }),
  }),
  searchDestinations: read('POST /1/destinations/search', 'Search for destinations', {
    body: z.strictObject({ destinationIDs: z.array(z.string()) }),
    response: z.array(Destination),
  }),
  getDestination: read('GET /1/destinations/{destinationID}', 'Retrieve a destination', { response: Destination }),
  updateDestination: idempotent('PATCH /1/destinations/{destinationID}', 'Update a destination', {
    body: { destinationUpdate: DestinationUpdate },
    response: answer({ destinationID: z.string(), name: text, updatedAt: text }),
  }),
  deleteDestination: idempotent('DELETE /1/destinations/{destinationID}', 'Delete a destination', {
    response: Deleted,
  }),
};
