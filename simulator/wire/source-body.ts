import { z } from 'zod';
import { badRequest } from '../http/api-error.ts';
import { parseBody } from './parse-body.ts';

export const sourceTypes = [
  'algoliaIndex',
  'bigcommerce',
  'bigquery',
  'commercetools',
  'csv',
  'docker',
  'ga4BigqueryExport',
  'json',
  'shopify',
  'push',
] as const;
export type SourceType = (typeof sourceTypes)[number];

const strings = z.array(z.string()).optional();
const text = z.string().optional();
const needed = z.string().min(1);
const customFields = z.array(z.string()).nullable().optional();
const metafields = z.array(z.strictObject({ namespace: z.string(), key: z.string() })).optional();
const free = z.record(z.string(), z.unknown());

const commercetools = {
  storeKeys: strings,
  locales: z.array(z.string().regex(/^[a-z]{2}(-[A-Z]{2})?$/)).optional(),
  productQueryPredicate: text,
  fallbackIsInStockValue: z.boolean().optional(),
  useImagesObjects: z.boolean().optional(),
  customFields: z.strictObject({ inventory: customFields, price: customFields, category: customFields }).optional(),
};
const fetched = { url: needed, uniqueIDColumn: text, method: z.enum(['GET', 'POST']).optional() };
const ga4 = { projectID: needed, datasetID: needed, tablePrefix: needed };

const json = z.strictObject(fetched);
const csv = z.strictObject({
  ...fetched,
  mapping: z.record(z.string(), z.enum(['string', 'integer', 'float', 'boolean', 'json'])).optional(),
  delimiter: z
    .string()
    .length(1)
    .refine((character) => !['\r', '\n', ' ', '\uFFFD'].includes(character), 'is not an allowed delimiter')
    .optional(),
});
const bigquery = z.strictObject({
  ...ga4,
  tablePrefix: text,
  dataType: z.enum(['ga4', 'ga360']).optional(),
  table: text,
  customSQLRequest: text,
  uniqueIDColumn: text,
});

/** The input of each type at creation, and in an update where it may be updated at all. */
const inputs: Record<Exclude<SourceType, 'push'>, { create: z.ZodType; update?: z.ZodType }> = {
  json: { create: json, update: json },
  csv: { create: csv, update: csv },
  bigquery: { create: bigquery, update: bigquery },
  ga4BigqueryExport: { create: z.strictObject(ga4), update: z.strictObject(ga4) },
  algoliaIndex: {
    create: z.strictObject({ indexName: needed, filters: text }),
    update: z.strictObject({ indexName: needed.optional(), filters: text }),
  },
  docker: {
    create: z.strictObject({ image: needed, configuration: free }),
    update: z.strictObject({ configuration: free }),
  },
  shopify: {
    create: z.strictObject({ shopURL: needed, featureFlags: free.optional() }),
    update: z.strictObject({ featureFlags: free.optional() }),
  },
  bigcommerce: {
    create: z.strictObject({
      storeHash: needed,
      channel: z.strictObject({ id: z.int(), currencies: strings }).optional(),
      customFields: strings,
      productMetafields: metafields,
      variantMetafields: metafields,
    }),
  },
  commercetools: {
    create: z.strictObject({ url: needed, projectKey: needed, ...commercetools }),
    update: z.strictObject({ url: text, categoriesCustomFieldsFullPath: z.boolean().optional(), ...commercetools }),
  },
};

const create = z.strictObject({
  type: z.enum(sourceTypes),
  name: needed,
  input: free.optional(),
  authenticationID: text,
});
const update = z.strictObject({ name: needed.optional(), input: free.optional(), authenticationID: text });

export function parseSourceCreate(body: unknown) {
  const source = parseBody(create, body);
  return { ...source, input: parseInput(source.type, source.input, 'create') };
}

/** An update says nothing of the type: the stored one decides which input it may hold. */
export function parseSourceUpdate(type: SourceType, body: unknown) {
  const source = parseBody(update, body);
  return { ...source, input: source.input && parseInput(type, source.input, 'update') };
}

function parseInput(
  type: SourceType,
  input: unknown,
  purpose: 'create' | 'update',
): Record<string, unknown> | undefined {
  if (type === 'push') {
    if (input !== undefined) throw badRequest('input: a source of type push takes no input');
    return undefined;
  }
  const schema = inputs[type][purpose];
  if (!schema) throw badRequest(`input: the input of a source of type ${type} can't be updated`);
  if (input === undefined) throw badRequest(`input: is required for a source of type ${type}`);
  return parseBody(schema, input, 'input') as Record<string, unknown>;
}
