import { z } from 'zod';
import { answer, freeObject, idempotent, once, read, text } from './operation.ts';

const acl = z.array(z.string());

/** What a key may do. An update replaces all of it. */
export const ApiKeyRights = z.strictObject({
  acl,
  description: z.string().optional(),
  indexes: z.array(z.string()).optional(),
  maxHitsPerQuery: z.int().min(0).optional(),
  maxQueriesPerIPPerHour: z.int().min(0).optional(),
  queryParameters: z.string().optional(),
  referers: z.array(z.string()).optional(),
  /** In seconds; 0: for ever. */
  validity: z.int().min(0).optional(),
});

/** `value` is the key itself: it never leaves the activity that reads it. */
const ApiKey = answer({
  value: z.string().nullish(),
  createdAt: z.union([z.number(), z.string()]).nullish(),
  acl,
  description: text,
  indexes: z.array(z.string()).nullish(),
  maxHitsPerQuery: z.number().nullish(),
  maxQueriesPerIPPerHour: z.number().nullish(),
  queryParameters: text,
  referers: z.array(z.string()).nullish(),
  validity: z.number().nullish(),
});

const taskStarted = answer({ taskID: z.number(), updatedAt: text });

/** The calls of Algolia's Search API that key rotation and replacing an index need. They are no activities of their own. */
export const searchApi = {
  addApiKey: once('POST /1/keys', 'Create an API key', {
    host: 'search',
    body: ApiKeyRights,
    response: answer({ key: z.string(), createdAt: text }),
    answersSecrets: true,
  }),
  listApiKeys: read('GET /1/keys', 'List API keys', {
    host: 'search',
    response: answer({ keys: z.array(ApiKey) }),
    answersSecrets: true,
  }),
  /** The key stands in the path, as a value: whoever calls this is inside of an activity and has it already. */
  getApiKey: read('GET /1/keys/{key}', 'Retrieve an API key', { host: 'search', response: ApiKey }),
  /** The same goes for this one. */
  deleteApiKey: idempotent('DELETE /1/keys/{key}', 'Delete an API key', {
    host: 'search',
    response: answer({ deletedAt: text }),
  }),
  listIndices: read('GET /1/indexes', 'List indices', {
    host: 'search',
    query: { page: z.int().min(0).optional(), hitsPerPage: z.int().min(1).optional() },
    response: answer({
      items: z.array(answer({ name: z.string(), entries: z.number().nullish(), updatedAt: text, createdAt: text })),
      nbPages: z.number().nullish(),
    }),
  }),
  operationIndex: once('POST /1/indexes/{indexName}/operation', 'Copy or move an index', {
    host: 'search',
    body: {
      operationIndexParams: z.strictObject({
        operation: z.enum(['copy', 'move']),
        destination: z.string().min(1),
        scope: z.array(z.enum(['settings', 'rules', 'synonyms'])).optional(),
      }),
    },
    response: taskStarted,
  }),
  getIndexTask: read('GET /1/indexes/{indexName}/task/{taskID}', 'Check an index task', {
    host: 'search',
    response: answer({ status: z.string(), pendingTask: z.boolean().nullish() }),
  }),
  deleteIndex: idempotent('DELETE /1/indexes/{indexName}', 'Delete an index', {
    host: 'search',
    response: taskStarted,
  }),
  searchSingleIndex: read('POST /1/indexes/{indexName}/query', 'Search an index', {
    host: 'search',
    body: { searchParams: freeObject.optional() },
    response: answer({ nbHits: z.number().nullish() }),
  }),
};

export type SearchApi = typeof searchApi;
