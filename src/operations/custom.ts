import { z } from 'zod';
import { configuration, idempotent, once, read } from './operation.ts';

const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);

/** A path below the API's origin, such as `1/tasks`. Dot segments would leave it, and a query belongs into `parameters`. */
const customPath = z
  .string()
  .min(1)
  .refine(
    // oxlint-disable-next-line no-control-regex -- a URL parser would drop them
    (path) => path.isWellFormed() && !/[?#\\\x00-\x1f]/.test(path),
    'a path holds no ?, #, backslash or control character: put the query into parameters',
  )
  .refine((path) => !/(^|\/)(\.|%2e){1,2}(\/|$)/i.test(path), 'a path may not hold . or .. segments');

const query = { path: customPath, parameters: z.record(z.string(), z.union([scalar, z.array(scalar)])).optional() };
const answerOfAnyShape = z.unknown();
/** A body may hold references to credentials, anywhere. */
const body = { body: configuration().optional() };

export const custom = {
  customGet: read('GET /{path}', 'Send requests to the Algolia REST API', { query, response: answerOfAnyShape }),
  customPost: once('POST /{path}', 'Send requests to the Algolia REST API', {
    query,
    body,
    takesSecrets: true,
    response: answerOfAnyShape,
  }),
  customPut: idempotent('PUT /{path}', 'Send requests to the Algolia REST API', {
    query,
    body,
    takesSecrets: true,
    response: answerOfAnyShape,
  }),
  customDelete: idempotent('DELETE /{path}', 'Send requests to the Algolia REST API', {
    query,
    response: answerOfAnyShape,
  }),
};
