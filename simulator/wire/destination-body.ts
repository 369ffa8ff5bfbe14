import { z } from 'zod';

export const destinationTypes = ['search', 'insights'] as const;

const input = z.strictObject({
  indexName: z.string().min(1),
  recordType: z.enum(['product', 'variant', 'collection']).optional(),
  attributesToExclude: z.array(z.string()).optional(),
});

const references = {
  authenticationID: z.string().optional(),
  transformationIDs: z.array(z.string()).optional(),
};

export const destinationCreate = z.strictObject({
  type: z.enum(destinationTypes),
  name: z.string().min(1),
  input,
  ...references,
});

export const destinationUpdate = z.strictObject({
  name: z.string().min(1).optional(),
  input: input.partial().optional(),
  ...references,
});
