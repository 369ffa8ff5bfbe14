import { z } from 'zod';
import { JsonText, once, SLOW_MS } from './operation.ts';
import { WatchResponse } from './runs.ts';

export const pushAction = z.enum([
  'addObject',
  'updateObject',
  'partialUpdateObject',
  'partialUpdateObjectNoCreate',
  'deleteObject',
  'delete',
  'clear',
]);
export type PushAction = z.infer<typeof pushAction>;

/** Any JSON object with a string `objectID`, even for actions that could make one up. */
export type PushRecord = { objectID: string } & Record<string, unknown>;

/** A shallow check: a schema that walks into every record would cost a fifth of serializing the batch. */
export const pushRecords = z.custom<PushRecord[]>().check((ctx) => {
  const records: unknown = ctx.value;
  if (!Array.isArray(records)) {
    ctx.issues.push({ code: 'custom', message: 'expected an array of records', input: records });
    return;
  }
  const bad = records.findIndex((record) => typeof record?.objectID !== 'string' || record.objectID === '');
  if (bad >= 0) {
    ctx.issues.push({
      code: 'custom',
      message: 'every record needs an objectID that is a string',
      path: [bad, 'objectID'],
      input: records[bad],
    });
  }
});
/** What a published schema says in its place. */
pushRecords.register(z.globalRegistry, {
  type: 'array',
  items: {
    type: 'object',
    properties: { objectID: { type: 'string' } },
    required: ['objectID'],
    additionalProperties: {},
  },
});

/** `clear` and `delete` act on the whole index and take an empty list; every other action needs records. */
export const PushTaskPayload = z.strictObject({ action: pushAction, records: pushRecords }).check((ctx) => {
  const { action, records } = ctx.value;
  if (records.length === 0 && action !== 'clear' && action !== 'delete') {
    ctx.issues.push({
      code: 'custom',
      message: `nothing to push: ${action} needs at least one record`,
      path: ['records'],
      input: records,
    });
  }
});

export const push = {
  push: once('POST /1/push/{indexName}', 'Push records by indexName', {
    query: { watch: z.boolean().optional(), referenceIndexName: z.string().optional() },
    body: { pushTaskPayload: PushTaskPayload },
    response: WatchResponse,
    timeoutMs: SLOW_MS,
  }),
};

const pushTaskPayload = z.instanceof(JsonText);

/** The same requests with a payload that is JSON text already, for whoever sends thousands of them. They are no activities of their own. */
export const pushText = {
  push: once('POST /1/push/{indexName}', 'Push records by indexName', {
    query: { referenceIndexName: z.string().optional() },
    body: { pushTaskPayload },
    response: WatchResponse,
    timeoutMs: SLOW_MS,
  }),
  pushTask: once('POST /2/tasks/{taskID}/push', 'Push records by task ID', {
    body: { pushTaskPayload },
    response: WatchResponse,
    timeoutMs: SLOW_MS,
  }),
};
