import { z } from 'zod';
import { badRequest } from '../http/api-error.ts';
import { isObject } from '../is-object.ts';
import type { IndexRecord } from '../resources/resource.ts';
import { parseBody } from './parse-body.ts';

const pushActions = [
  'addObject',
  'updateObject',
  'partialUpdateObject',
  'partialUpdateObjectNoCreate',
  'deleteObject',
  'delete',
  'clear',
] as const;
export type PushAction = (typeof pushActions)[number];

const payload = z.looseObject({
  action: z.enum(pushActions),
  records: z.custom<unknown[]>(Array.isArray, 'must be an array'),
});

/** Checked by hand record by record: a schema would cost more than the push. */
export function parsePush(body: unknown): { action: PushAction; records: IndexRecord[] } {
  const { action, records } = parseBody(payload, body);
  const wrong = records.findIndex(
    (record) => !isObject(record) || typeof record.objectID !== 'string' || record.objectID === '',
  );
  if (wrong >= 0) throw badRequest(`records.${wrong}.objectID: is required and must be a string`);
  if (records.length === 0 && action !== 'clear' && action !== 'delete')
    throw badRequest(`records: ${action} needs at least one`);
  return { action, records: records as IndexRecord[] };
}
