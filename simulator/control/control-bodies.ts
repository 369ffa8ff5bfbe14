import { z } from 'zod';
import { times } from '../wire/times.ts';

const ms = z.number().min(0).optional();
const count = z.int().min(1).optional();

export const keyBody = z.strictObject({
  key: z.string().min(1),
  acl: z.array(z.string()).optional(),
  indexes: z.array(z.string()).optional(),
  validity: z.int().min(0).optional(),
  description: z.string().optional(),
});

export const clockBody = z.strictObject({
  speed: z.number().positive().optional(),
  runMs: ms,
  pushMs: ms,
  indexTaskMs: ms,
  keyMs: ms,
  cron: z.boolean().optional(),
  rate: z.number().positive().optional(),
  now: z
    .string()
    .refine((value) => !Number.isNaN(Date.parse(value)), 'must be a date')
    .optional(),
  advance: ms,
});

const quota = z.int().min(0).optional();

export const settingsBody = z.strictObject({
  batchSize: count,
  maxBodyBytes: count,
  maxRecordBytes: count,
  maxRequestsKept: count,
  gzip: z.boolean().optional(),
  rateLimit: z.union([z.literal(false), z.number().positive()]).optional(),
  quotas: z
    .union([
      z.literal(false),
      z.strictObject({ authentications: quota, sources: quota, destinations: quota, tasksPerSource: quota }),
    ])
    .optional(),
});

export const attachBody = z.union([
  z.strictObject({ records: z.array(z.record(z.string(), z.unknown())) }),
  z.strictObject({ url: z.string().min(1) }),
]);

const runEnd = {
  outcome: z.enum(['success', 'failure']).optional(),
  reasonCode: z.string().optional(),
  reason: z.string().optional(),
};

export const scriptBody = z.strictObject({
  taskID: z.string().min(1),
  times: times(1),
  status: z.enum(['finished', 'skipped']).default('finished'),
  ...runEnd,
  events: z
    .array(
      z.strictObject({
        type: z.enum(['fetch', 'record', 'log', 'transform']).default('record'),
        status: z
          .enum(['created', 'started', 'retried', 'failed', 'succeeded', 'critical'])
          .nullable()
          .default('succeeded'),
        batchSize: z.int().min(0).default(1),
        data: z.record(z.string(), z.unknown()).nullable().default(null),
      }),
    )
    .default([]),
  progress: z.strictObject({ expectedNbOfEvents: z.int().min(0), receivedNbOfEvents: z.int().min(0) }).optional(),
  durationMs: ms,
  polls: count,
  neverStart: z.boolean().default(false),
  neverProgress: z.boolean().default(false),
  neverFinish: z.boolean().default(false),
});

export const finishBody = z.strictObject(runEnd).default({});

export const recordFailureBody = z.strictObject({
  indexName: z.string().optional(),
  objectIDs: z.array(z.string()).optional(),
  every: z.int().min(1).default(1),
  status: z.enum(['failed', 'critical']).default('failed'),
  message: z.string().default('Simulated failure of this record'),
  times: times(-1),
});

export const outageBody = z.strictObject({ ms: z.number().min(0) });
