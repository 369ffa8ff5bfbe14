import { z } from 'zod';
import {
  answer,
  configuration,
  Deleted,
  freeObject,
  idempotent,
  listOf,
  once,
  order,
  page,
  read,
  resourceName,
  SLOW_MS,
  text,
} from './operation.ts';
import { WatchResponse } from './runs.ts';

export const sourceType = z.enum([
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
]);

const strings = z.array(z.string());
const method = z.enum(['GET', 'POST']).optional();

const commercetoolsUpdate = z.strictObject({
  storeKeys: strings.optional(),
  locales: z.array(z.string().regex(/^[a-z]{2}(-[A-Z]{2})?$/, 'expected a locale such as en or en-US')).optional(),
  url: z.string().optional(),
  fallbackIsInStockValue: z.boolean().optional(),
  productQueryPredicate: z.string().optional(),
  useImagesObjects: z.boolean().optional(),
  customFields: z
    .strictObject({
      inventory: strings.nullable().optional(),
      price: strings.nullable().optional(),
      category: strings.nullable().optional(),
    })
    .optional(),
});
const metafields = z.array(z.strictObject({ namespace: z.string(), key: z.string() })).optional();
const json = z.strictObject({ url: z.string().min(1), uniqueIDColumn: z.string().optional(), method });
const csv = z.strictObject({
  url: z.string().min(1),
  uniqueIDColumn: z.string().optional(),
  mapping: z.record(z.string(), z.enum(['string', 'integer', 'float', 'boolean', 'json'])).optional(),
  method,
  delimiter: z
    .string()
    .regex(/^[^\r\n \uFFFD]$/u, 'expected one character that is no line break and no space')
    .optional(),
});
const bigquery = z.strictObject({
  projectID: z.string(),
  datasetID: z.string(),
  dataType: z.enum(['ga4', 'ga360']).optional(),
  table: z.string().optional(),
  tablePrefix: z.string().optional(),
  customSQLRequest: z.string().optional(),
  uniqueIDColumn: z.string().optional(),
});
const ga4 = z.strictObject({ projectID: z.string(), datasetID: z.string(), tablePrefix: z.string() });
const featureFlags = freeObject.optional();

const inputByType = {
  commercetools: commercetoolsUpdate.extend({ url: z.string().min(1), projectKey: z.string() }),
  bigcommerce: z.strictObject({
    storeHash: z.string(),
    channel: z.strictObject({ id: z.int(), currencies: strings.optional() }).optional(),
    customFields: strings.optional(),
    productMetafields: metafields,
    variantMetafields: metafields,
  }),
  json,
  csv,
  bigquery,
  ga4BigqueryExport: ga4,
  docker: z.strictObject({ image: z.string().min(1), configuration: configuration() }),
  shopify: z.strictObject({ shopURL: z.string().min(1), featureFlags }),
  algoliaIndex: z.strictObject({ indexName: z.string().min(1), filters: z.string().optional() }),
};

const common = { name: resourceName, authenticationID: z.string().min(1).optional() };
const variant = <T extends keyof typeof inputByType>(type: T) =>
  z.strictObject({ type: z.literal(type), ...common, input: inputByType[type] });

/** A push source has no input; every other source must have the one of its type. */
export const SourceCreate = z.discriminatedUnion('type', [
  variant('commercetools'),
  variant('bigcommerce'),
  variant('json'),
  variant('csv'),
  variant('bigquery'),
  variant('ga4BigqueryExport'),
  variant('docker'),
  variant('shopify'),
  variant('algoliaIndex'),
  z.strictObject({ type: z.literal('push'), ...common }),
]);

/** An update names no type, and each type has its own closed input; for json, csv and BigQuery it is the whole input again. */
export const SourceUpdate = z.strictObject({
  name: resourceName.optional(),
  input: z
    .union([
      json,
      csv,
      commercetoolsUpdate.extend({ categoriesCustomFieldsFullPath: z.boolean().optional() }),
      ga4,
      bigquery,
      z.strictObject({ configuration: configuration() }),
      z.strictObject({ indexName: z.string().min(1).optional(), filters: z.string().optional() }),
      z.strictObject({ featureFlags }),
    ])
    .optional(),
  authenticationID: z.string().min(1).optional(),
});

const Source = answer({
  sourceID: z.string(),
  type: z.string(),
  name: z.string(),
  owner: text,
  input: z.record(z.string(), z.unknown()).nullish(),
  authenticationID: text,
  createdAt: text,
  updatedAt: text,
});

/** Ids alone don't say of what. */
const RunSourcePayload = z
  .strictObject({
    indexToInclude: strings.optional(),
    indexToExclude: strings.optional(),
    entityIDs: strings.optional(),
    entityType: z.enum(['product', 'collection']).optional(),
    runMetadata: freeObject.optional(),
  })
  .refine(({ entityIDs, entityType }) => !entityIDs || entityType, {
    path: ['entityType'],
    message: 'missing: entityIDs are ids of what?',
  });

/** The official client sends `{}` for no argument, so `{}` is no argument. */
const emptyIsAbsent = (value: unknown) =>
  value === null || (typeof value === 'object' && !Array.isArray(value) && Object.keys(value).length === 0)
    ? undefined
    : value;
/** The cast gives back the input's type, which `preprocess` makes `unknown`. */
const OptionalSourceCreate = z.preprocess(emptyIsAbsent, SourceCreate.optional()) as unknown as z.ZodType<
  z.output<typeof SourceCreate> | undefined,
  z.input<typeof SourceCreate> | undefined
>;

export const sources = {
  listSources: read('GET /1/sources', 'List sources', {
    query: {
      ...page,
      type: z.array(sourceType).optional(),
      authenticationID: z.array(z.string()).optional(),
      sort: z.enum(['name', 'type', 'updatedAt', 'createdAt']).optional(),
      order,
    },
    response: listOf('sources', Source.partial()),
  }),
  createSource: once('POST /1/sources', 'Create a source', {
    body: SourceCreate,
    takesSecrets: true,
    response: answer({ sourceID: z.string(), name: text, createdAt: text }),
  }),
  searchSources: read('POST /1/sources/search', 'Search for sources', {
    body: z.strictObject({ sourceIDs: strings }),
    response: z.array(Source),
  }),
  getSource: read('GET /1/sources/{sourceID}', 'Retrieve a source', { response: Source }),
  updateSource: idempotent('PATCH /1/sources/{sourceID}', 'Update a source', {
    body: { sourceUpdate: SourceUpdate },
    takesSecrets: true,
    response: answer({ sourceID: z.string(), name: text, updatedAt: text }),
  }),
  deleteSource: idempotent('DELETE /1/sources/{sourceID}', 'Delete a source', { response: Deleted }),
  validateSource: idempotent('POST /1/sources/validate', 'Validate a source payload', {
    body: OptionalSourceCreate,
    takesSecrets: true,
    response: WatchResponse,
    timeoutMs: SLOW_MS,
  }),
  validateSourceBeforeUpdate: idempotent(
    'POST /1/sources/{sourceID}/validate',
    'Validate an update of a source payload',
    {
      body: { sourceUpdate: SourceUpdate },
      takesSecrets: true,
      response: WatchResponse,
      timeoutMs: SLOW_MS,
    },
  ),
  triggerDockerSourceDiscover: idempotent('POST /1/sources/{sourceID}/discover', 'Trigger a stream-listing request', {
    response: WatchResponse,
    timeoutMs: SLOW_MS,
  }),
  runSource: once('POST /1/sources/{sourceID}/run', 'Run all tasks linked to a source', {
    body: { runSourcePayload: RunSourcePayload.optional() },
    response: answer({
      /** Null where no task ran. */
      taskWithRunID: z
        .record(z.string(), z.string())
        .nullable()
        .transform((runs) => runs ?? {}),
      createdAt: text,
    }),
  }),
};
