import { z } from 'zod';
import { times } from '../wire/times.ts';
import { faultKinds } from './fault.ts';

export const faultBody = z.strictObject({
  operation: z.string().min(1),
  kind: z.enum(faultKinds),
  times: times(1),
  after: z.int().min(0).default(0),
  match: z.record(z.string(), z.unknown()).default({}),
  status: z.int().min(200).max(599).optional(),
  headers: z.record(z.string(), z.union([z.string(), z.number()]).transform(String)).default({}),
  message: z.string().optional(),
  body: z.unknown().optional(),
  ms: z.number().min(0).optional(),
  where: z.enum(['headers', 'body', 'end']).default('headers'),
  perform: z.boolean().default(false),
});
