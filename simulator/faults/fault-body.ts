import { z } from 'zod';
import { times } from '../wire/times.ts';
import { faultKinds, PLAIN_FAULT } from './fault.ts';

export const faultBody = z.strictObject({
  operation: z.string().min(1),
  kind: z.enum(faultKinds),
  times: times(PLAIN_FAULT.times),
  after: z.int().min(0).default(PLAIN_FAULT.after),
  match: z.record(z.string(), z.unknown()).default(PLAIN_FAULT.match),
  status: z.int().min(200).max(599).optional(),
  headers: z.record(z.string(), z.union([z.string(), z.number()]).transform(String)).default(PLAIN_FAULT.headers),
  message: z.string().optional(),
  body: z.unknown().optional(),
  ms: z.number().min(0).optional(),
  where: z.enum(['headers', 'body', 'end']).default(PLAIN_FAULT.where),
  perform: z.boolean().default(PLAIN_FAULT.perform),
});
