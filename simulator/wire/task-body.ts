import { z } from 'zod';
import { badRequest } from '../http/api-error.ts';
import { isCron } from '../runs/cron.ts';

export const taskActions = ['replace', 'save', 'partial', 'partialNoCreate', 'append'] as const;
export const triggerTypes = ['onDemand', 'schedule', 'subscription', 'streaming'] as const;

const text = z.string();
const strings = z.array(z.string());
const action = z.enum(taskActions);
export const cron = z.string().refine(isCron, 'is not a valid cron expression');
export const cursor = z
  .string()
  .refine((value) => !Number.isNaN(Date.parse(value)), 'must be a date in RFC 3339 format');
export const failureThreshold = z.int().min(0).max(100);
export const inputField = z.record(z.string(), z.unknown());

const changeable = {
  subscriptionAction: action.optional(),
  cron: cron.optional(),
  enabled: z.boolean().optional(),
  failureThreshold: failureThreshold.optional(),
  input: inputField.optional(),
  notifications: z.strictObject({ email: z.strictObject({ enabled: z.boolean().optional() }) }).optional(),
  policies: z.strictObject({ criticalThreshold: z.int().min(1).max(10).optional() }).optional(),
};

export const taskReplace = z.strictObject({ destinationID: text, action, cursor: cursor.optional(), ...changeable });
export const taskCreate = z.strictObject({ sourceID: text, ...taskReplace.shape });
export const taskUpdate = z.strictObject({ destinationID: text.optional(), ...changeable });
export const runTaskPayload = z.strictObject({ runMetadata: z.record(z.string(), z.unknown()).optional() }).default({});

/** Only three types of source have tasks with an input, each its own. */
const inputBySourceType: Readonly<Record<string, z.ZodType>> = {
  ga4BigqueryExport: z.strictObject({
    mapping: z.strictObject({
      format: z.literal('mappingkit/v1'),
      actions: z.array(
        z.strictObject({
          id: text.optional(),
          enabled: z.boolean(),
          trigger: text,
          fieldDirectives: z.array(z.strictObject({ fieldKey: text, value: z.record(z.string(), z.unknown()) })),
        }),
      ),
    }),
  }),
  docker: z.looseObject({
    streams: z.array(
      z.looseObject({ name: text, properties: strings.optional(), syncMode: z.enum(['incremental', 'fullTable']) }),
    ),
  }),
  shopify: z.strictObject({
    metafields: z.array(z.strictObject({ namespace: text, key: text, value: text })),
    market: z.strictObject({ countries: strings, currencies: strings, locales: strings }),
  }),
};

export function taskInputSchema(sourceType: string): z.ZodType {
  const schema = inputBySourceType[sourceType];
  if (!schema) throw badRequest(`input: tasks of a source of type ${sourceType} take no input`);
  return schema;
}
