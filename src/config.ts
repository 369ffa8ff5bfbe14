import { readFileSync } from 'node:fs';
import { loadClientConfigProfile, toClientOptions } from '@temporalio/envconfig';
import { z } from 'zod';
import { describeIssues } from './algolia/check-input.ts';
import { parseWorded } from './algolia/wording.ts';
import { codecKeys } from './codec/codec-keys.ts';
import { messageOf } from './message-of.ts';
import { readPackage } from './read-package.ts';
import { isTracing } from './tracing/otel-variables.ts';
import { cliVariables, workerVariables } from './variables.ts';

/** A variable is missing or wrong. The message names it and says what to do; it never repeats a credential. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

const REGIONS = { us: 'https://data.us.algolia.com', eu: 'https://data.eu.algolia.com' } as const;

export interface Config {
  readonly applicationId: string;
  readonly apiKey: { readonly value?: string | undefined; readonly file?: string | undefined };
  readonly ingestionUrl: URL;
  readonly searchUrl: URL;
  /** How long Algolia may take to answer at most; undefined: as long as each operation is given. */
  readonly maxTimeoutMs: number | undefined;
  readonly taskQueue: string;
  /** Which version of which deployment this worker is; undefined: it takes whatever is on its task queue. */
  readonly deployment: { readonly name: string; readonly buildId: string } | undefined;
  readonly secretsDir: string | undefined;
  /** The variables that begin with `SECRET_`: what `env:` references may name. */
  readonly secretVariables: Readonly<Record<string, string>>;
  readonly recordsDir: string | undefined;
  /** Where records may be downloaded from: `host`, for any port of it, or `host:port`. */
  readonly recordsHosts: readonly string[];
  /** The YAML file of approval policies. */
  readonly approvalPolicies: string | undefined;
  /** What Temporal stores is encrypted with the first; none: it isn't. */
  readonly codecKeys: z.output<typeof codecKeys>;
  /** How much the worker does at once. */
  readonly slots: {
    readonly maxActivities: number;
    /** The share of the machine's memory from which nothing more is taken on. */
    readonly targetMemory: number | undefined;
    readonly targetCpu: number | undefined;
  };
  /** How often it does something; undefined: as often as there is something to do. */
  readonly rates: {
    /** Requests to the Ingestion API, of this worker. */
    readonly requestsPerSecond: number | undefined;
    /** Activities that the server hands out, to all workers of the task queue together. */
    readonly taskQueueActivitiesPerSecond: number | undefined;
  };
  readonly metricsAddress: string | undefined;
  readonly healthAddress: string | undefined;
  /** Whether spans are made, and sent where `OTEL_*` says. */
  readonly tracing: boolean;
  /** From SIGTERM to the end of the process, at most. */
  readonly shutdownGraceMs: number;
  readonly logLevel: z.output<typeof workerVariables>['LOG_LEVEL'];
  readonly temporal: ReturnType<typeof loadTemporalConfig>;
  /** `name/version` of this package, as the `User-Agent` says it. */
  readonly userAgent: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Reads and checks the environment, or throws {@link ConfigError}. The only reader of `process.env`. */
export function loadConfig(environment: Environment = process.env): Config {
  const env = defined(environment);
  const value = check(workerVariables, env);
  return Object.freeze({
    applicationId: value.ALGOLIA_APPLICATION_ID,
    apiKey: Object.freeze({ value: value.ALGOLIA_API_KEY, file: value.ALGOLIA_API_KEY_FILE }),
    ingestionUrl: value.ALGOLIA_INGESTION_URL ?? new URL(REGIONS[value.ALGOLIA_REGION ?? 'us']),
    searchUrl: value.ALGOLIA_SEARCH_URL ?? new URL(`https://${value.ALGOLIA_APPLICATION_ID.toLowerCase()}.algolia.net`),
    maxTimeoutMs: value.ALGOLIA_TIMEOUT,
    taskQueue: value.TASK_QUEUE,
    deployment:
      value.DEPLOYMENT_NAME !== undefined && value.BUILD_ID !== undefined
        ? Object.freeze({ name: value.DEPLOYMENT_NAME, buildId: value.BUILD_ID })
        : undefined,
    secretsDir: value.SECRETS_DIR,
    secretVariables: secretVariablesOf(env),
    recordsDir: value.RECORDS_DIR,
    recordsHosts: value.RECORDS_HOSTS,
    approvalPolicies: value.APPROVAL_POLICIES,
    codecKeys: codecKeysOf(value),
    slots: Object.freeze({
      maxActivities: value.MAX_CONCURRENT_ACTIVITIES,
      targetMemory: value.TARGET_MEMORY_USAGE,
      targetCpu: value.TARGET_CPU_USAGE,
    }),
    rates: Object.freeze({
      requestsPerSecond: value.ALGOLIA_REQUESTS_PER_SECOND,
      taskQueueActivitiesPerSecond: value.MAX_TASK_QUEUE_ACTIVITIES_PER_SECOND,
    }),
    metricsAddress: value.METRICS_ADDRESS,
    healthAddress: value.HEALTH_ADDRESS,
    tracing: isTracing(value),
    shutdownGraceMs: value.SHUTDOWN_GRACE,
    logLevel: value.LOG_LEVEL,
    temporal: loadTemporalConfig(env),
    userAgent: userAgent(),
  });
}

/** What the CLI needs: no key of Algolia's, for the worker has that. */
export interface CliConfig extends Pick<
  Config,
  'taskQueue' | 'secretsDir' | 'secretVariables' | 'codecKeys' | 'logLevel'
> {
  readonly applicationId: string | undefined;
  /** Temporal's Web UI, without a slash at its end. */
  readonly webUiUrl: string | undefined;
}

export function loadCliConfig(environment: Environment = process.env): CliConfig {
  const env = defined(environment);
  const value = check(cliVariables, env);
  return Object.freeze({
    applicationId: value.ALGOLIA_APPLICATION_ID,
    webUiUrl: value.WEB_UI_URL,
    taskQueue: value.TASK_QUEUE,
    secretsDir: value.SECRETS_DIR,
    secretVariables: secretVariablesOf(env),
    codecKeys: codecKeysOf(value),
    logLevel: value.LOG_LEVEL,
  });
}

/** What people type to start the CLI as it was started: in a clone there is no command of its name. */
export const cliCommand = ({ npm_lifecycle_event: script }: Environment = process.env): string =>
  script === 'cli' ? 'npm run -s cli --' : 'algolia-ingestion';

/** Of the variable, or of the file that the other one names: read once, when the process starts. */
function codecKeysOf({
  TEMPORAL_CODEC_KEYS: keys,
  TEMPORAL_CODEC_KEYS_FILE: file,
}: Pick<z.output<typeof cliVariables>, 'TEMPORAL_CODEC_KEYS' | 'TEMPORAL_CODEC_KEYS_FILE'>): Config['codecKeys'] {
  if (file === undefined) return keys;
  if (keys.length > 0)
    throw new ConfigError('TEMPORAL_CODEC_KEYS and TEMPORAL_CODEC_KEYS_FILE: set one of the two at most');
  let text: string;
  try {
    text = readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new ConfigError(`TEMPORAL_CODEC_KEYS_FILE: ${messageOf(error)}`, { cause: error });
  }
  return check(z.object({ TEMPORAL_CODEC_KEYS_FILE: codecKeys }), { TEMPORAL_CODEC_KEYS_FILE: text })
    .TEMPORAL_CODEC_KEYS_FILE;
}

function check<S extends z.ZodType>(schema: S, env: Readonly<Record<string, string>>): z.output<S> {
  const parsed = parseWorded(schema, env);
  if (parsed.success) return parsed.data;
  throw new ConfigError(
    parsed.error.issues
      .map((issue) => `${String(issue.path[0])}: ${describeIssues([{ ...issue, path: [] }], '').replace(/^: /, '')}`)
      .join('\n'),
  );
}

/** `TEMPORAL_*` and `temporal.toml`, as every Temporal tool reads them. */
export function loadTemporalConfig(environment: Environment = process.env) {
  const env = defined(environment);
  try {
    const profile = loadClientConfigProfile({ overrideEnvVars: env });
    assertSendable(profile);
    const { connectionOptions, namespace = 'default' } = toClientOptions(profile);
    return { connectionOptions, namespace };
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw new ConfigError(`${temporalVariableIn(messageOf(error), env)}: ${messageOf(error)}`, { cause: error });
  }
}

/** What the client of Temporal would quote in its error, credential and all, or pass over in silence. */
function assertSendable({ apiKey, grpcMeta = {}, tls }: ReturnType<typeof loadClientConfigProfile>): void {
  const headers = [
    ['TEMPORAL_API_KEY', apiKey],
    ...Object.entries(grpcMeta).map(([name, value]) => [
      `TEMPORAL_GRPC_META_${name.toUpperCase().replaceAll('-', '_')}`,
      value,
    ]),
  ];
  for (const [name, value = ''] of headers)
    if (!/^[\x20-\x7e]*$/.test(value)) throw new ConfigError(`${name}: holds characters that no header may`);
  if (tls && (tls.clientCert === undefined) !== (tls.clientKey === undefined))
    throw new ConfigError(
      'TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH: set both, or neither where the server asks for no certificate',
    );
}

/** The variable whose value an error quotes. */
const temporalVariableIn = (message: string, env: Readonly<Record<string, string>>): string =>
  Object.keys(env).find((name) => name.startsWith('TEMPORAL_') && message.includes(`'${env[name]}'`)) ?? 'TEMPORAL_*';

/** An empty variable is an unset one: that is how compose files and CI leave them out. */
const defined = (env: Environment): Record<string, string> =>
  Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value === undefined || value === '' ? [] : [[name, value]])),
  );

const secretVariablesOf = (env: Readonly<Record<string, string>>) =>
  Object.freeze(Object.fromEntries(Object.entries(env).filter(([name]) => name.startsWith('SECRET_'))));

function userAgent(): string {
  const { name, version } = readPackage();
  return `${name}/${version}`;
}
