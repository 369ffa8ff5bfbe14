import { z } from 'zod';
import { idempotent, once, read } from '../../src/operations/operation.ts';

const spec = { response: z.looseObject({}), timeoutMs: 2_000 };
const body = { body: { payload: z.looseObject({}).optional() } };

/** One row of each effect, for what depends on nothing else. */
export const rows = {
  read: read('GET /1/things/{thingID}', 'Look', spec),
  idempotent: idempotent('PUT /1/things/{thingID}', 'Make it so', { ...spec, ...body }),
  once: once('POST /1/things/{thingID}', 'Make another', { ...spec, ...body }),
};
export type Effects = keyof typeof rows;
export const effects = Object.keys(rows) as Effects[];

/** The error when there is no telling whether the request took effect. */
export const whenInDoubt = (effect: Effects) => (effect === 'once' ? 'AlgoliaAmbiguous' : 'AlgoliaUnavailable');

/** The same rows, of an API that must answer fast. */
export const impatient = {
  read: { ...rows.read, timeoutMs: 100 },
  idempotent: { ...rows.idempotent, timeoutMs: 100 },
  once: { ...rows.once, timeoutMs: 100 },
};
