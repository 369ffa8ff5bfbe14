import { z } from 'zod';
import { faultKinds } from './fault.ts';

/** `times: -1` is for ever. */
export const faultBody = z.strictObject({
  operation: z.string().min(1),
  kind: z.enum(faultKinds),
  times: z
    .int()
    .min(-1)
    .default(1)
    .transform((times) => (times === -1 ? Infinity : times)),
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
