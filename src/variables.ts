import { z } from 'zod';
import { codecKeys } from './codec/codec-keys.ts';
import { durationMs } from './duration-ms.ts';
import { isSecure } from './secure-url.ts';
import { otelVariables } from './tracing/otel-variables.ts';

const url = z.string().transform((value, ctx) => {
  const parsed = URL.canParse(value) ? new URL(value) : undefined;
  if (parsed && isSecure(parsed) && !parsed.username && !parsed.password && !parsed.search && !parsed.hash)
    return parsed;
  ctx.addIssue({
    code: 'custom',
    message: 'expected an https URL (http on loopback only) without user, query and fragment',
  });
  return z.NEVER;
});
const address = z
  .string()
  .refine(
    (value) => /^\S+:\d{1,5}$/.test(value) && Number(value.split(':').at(-1)) <= 65_535,
    'expected host:port, such as 127.0.0.1:9464',
  );

/** Temporal's core, which serves the metrics, looks no name up. */
const numericAddress = address
  .transform((value) => value.replace(/^localhost:/, '127.0.0.1:'))
  .refine(
    (value) => /^(\d+(\.\d+){3}|\[[\da-f:.]+\]):/i.test(value),
    'expected an IP address and a port, such as 127.0.0.1:9464',
  );

/** What a header takes. */
const credential = z
  .string()
  .min(1)
  .regex(/^[\x21-\x7e]+$/, 'holds characters that no header may');

/** Of `TEMPORAL_*` what `@temporalio/envconfig`, which reads them, takes without a look at it: any other word for true would be false, and send all in the clear. */
export const temporalVariables = {
  TEMPORAL_TLS: z.enum(['true', 'false', '1', '0'], { error: 'expected true or false' }).optional(),
  TEMPORAL_API_KEY: credential.optional(),
};

const duration = z.string().regex(/^\d{1,6}(ms|s|m)$/, 'expected a duration such as 30s');
const count = z
  .string()
  .regex(/^[1-9]\d{0,5}$/, 'expected a whole number of 1 or more')
  .transform(Number);
const share = z
  .string()
  .regex(/^(0?\.(?!0+$)\d+|1(\.0+)?)$/, 'expected a share above 0 and up to 1, such as 0.8')
  .transform(Number);

const rate = z
  .string()
  .regex(/^(?!0*(\.0*)?$)\d{1,6}(\.\d{1,3})?$/, 'expected a number above 0, such as 50 or 0.5')
  .transform(Number);

/** `files.example.com,127.0.0.1:8080` */
const hosts = z.string().transform((value, ctx) => {
  const listed = value.split(',').map((host) => host.trim().toLowerCase());
  const wrong = listed.find((host) => !/^([a-z0-9.-]+|\[[0-9a-f:.]+\])(:\d{1,5})?$/.test(host));
  if (wrong === undefined) return listed;
  ctx.addIssue({
    code: 'custom',
    message: `'${wrong}' is no host: list names, with a port or without, separated by commas, such as files.example.com,127.0.0.1:8080`,
  });
  return z.NEVER;
});

const variables = z.object({
  ALGOLIA_APPLICATION_ID: z
    .string({ error: 'not set: the id of the Algolia application this worker serves' })
    .regex(/^[\w-]+$/, 'expected letters, digits, - and _ only'),
  ALGOLIA_API_KEY: credential.optional(),
  ALGOLIA_API_KEY_FILE: z.string().min(1).optional(),
  ALGOLIA_REGION: z.enum(['us', 'eu'], { error: 'expected us or eu' }).optional(),
  ALGOLIA_INGESTION_URL: url.optional(),
  ALGOLIA_SEARCH_URL: url.optional(),
  TASK_QUEUE: z
    .string()
    .refine((value) => value === value.trim(), 'begins or ends with white space')
    .default('algolia-ingestion'),
  DEPLOYMENT_NAME: z
    .string()
    .regex(/^(?!__)[\w-]{1,255}$/, 'expected letters, digits, - and _ only, and not to begin with __')
    .optional(),
  BUILD_ID: z
    .string()
    .regex(/^(?!__)[\w.+-]{1,255}$/, 'expected letters, digits, and . + - _ only, such as 0.1.0')
    .optional(),
  SECRETS_DIR: z.string().min(1).optional(),
  RECORDS_DIR: z.string().min(1).optional(),
  RECORDS_HOSTS: hosts.default([]),
  APPROVAL_POLICIES: z.string().min(1).optional(),
  TEMPORAL_CODEC_KEYS: codecKeys.default([]),
  TEMPORAL_CODEC_KEYS_FILE: z.string().min(1).optional(),
  MAX_CONCURRENT_ACTIVITIES: count.default(1_000),
  TARGET_MEMORY_USAGE: share.optional(),
  TARGET_CPU_USAGE: share.optional(),
  ALGOLIA_REQUESTS_PER_SECOND: rate.optional(),
  MAX_TASK_QUEUE_ACTIVITIES_PER_SECOND: rate.optional(),
  METRICS_ADDRESS: numericAddress.optional(),
  HEALTH_ADDRESS: address.optional(),
  ALGOLIA_TIMEOUT: duration.transform(durationMs).optional(),
  SHUTDOWN_GRACE: duration.default('30s').transform(durationMs),
  LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error'], { error: 'expected trace, debug, info, warn or error' })
    .default('info'),
  ...otelVariables,
  ...temporalVariables,
});

/** Told along with everything else that is wrong, so that nobody has to start the worker once for each. */
const always = () => true;

/** What the worker reads, but for `SECRET_*` and what else there is of `TEMPORAL_*`. */
export const workerVariables = variables
  .refine((value) => (value.ALGOLIA_API_KEY === undefined) !== (value.ALGOLIA_API_KEY_FILE === undefined), {
    path: ['ALGOLIA_API_KEY or ALGOLIA_API_KEY_FILE'],
    message: 'set exactly one of the two',
    when: always,
  })
  .refine((value) => value.ALGOLIA_REGION !== undefined || value.ALGOLIA_INGESTION_URL !== undefined, {
    path: ['ALGOLIA_REGION'],
    message: "not set: us or eu, the application's analytics region",
    when: always,
  })
  // Half of it would be a worker that waits for work meant for another version, or takes what was meant for none.
  .refine((value) => (value.DEPLOYMENT_NAME === undefined) === (value.BUILD_ID === undefined), {
    path: ['DEPLOYMENT_NAME and BUILD_ID'],
    message: 'set both, or neither for a worker without a version',
    when: always,
  });

/** What the CLI reads. */
export const cliVariables = variables
  .pick({
    TASK_QUEUE: true,
    SECRETS_DIR: true,
    TEMPORAL_CODEC_KEYS: true,
    TEMPORAL_CODEC_KEYS_FILE: true,
    LOG_LEVEL: true,
    TEMPORAL_TLS: true,
    TEMPORAL_API_KEY: true,
  })
  .extend({
    ALGOLIA_APPLICATION_ID: variables.shape.ALGOLIA_APPLICATION_ID.optional(),
    WEB_UI_URL: z
      .string()
      .refine(
        (value) => URL.canParse(value) && /^https?:$/.test(new URL(value).protocol),
        'expected a URL, such as http://localhost:8233',
      )
      .transform((value) => value.replace(/\/+$/, ''))
      .optional(),
  });
