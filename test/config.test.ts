import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { ConfigError, loadCliConfig, loadConfig, loadTemporalConfig } from '../src/config.ts';

const KEY = 'k3y-which-must-not-show';
const least = {
  ALGOLIA_APPLICATION_ID: 'APP1',
  ALGOLIA_API_KEY: KEY,
  ALGOLIA_REGION: 'us',
  // Whatever temporal.toml this machine has is none of a test's business.
  TEMPORAL_CONFIG_FILE: '/nonexistent/temporal.toml',
};
const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

function problem(changes: Record<string, string | undefined>): string {
  try {
    loadConfig({ ...least, ...changes });
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  throw new Error('expected the configuration to be refused');
}

test('three variables are enough', () => {
  expect(loadConfig(least)).toMatchObject({
    applicationId: 'APP1',
    apiKey: { value: KEY, file: undefined },
    ingestionUrl: new URL('https://data.us.algolia.com'),
    searchUrl: new URL('https://app1.algolia.net'),
    taskQueue: 'algolia-ingestion',
    deployment: undefined,
    secretsDir: undefined,
    secretVariables: {},
    recordsDir: undefined,
    metricsAddress: undefined,
    healthAddress: undefined,
    tracing: false,
    maxTimeoutMs: undefined,
    shutdownGraceMs: 30_000,
    slots: { maxActivities: 1_000, targetMemory: undefined, targetCpu: undefined },
    logLevel: 'info',
    temporal: { namespace: 'default' },
    userAgent: `algolia-ingestion-worker/${version}`,
  });
});

test('each variable says what it says', () => {
  const config = loadConfig({
    ...least,
    ALGOLIA_API_KEY: undefined,
    ALGOLIA_API_KEY_FILE: '/run/secrets/key',
    ALGOLIA_REGION: 'eu',
    ALGOLIA_SEARCH_URL: 'http://localhost:4010',
    TASK_QUEUE: 'q',
    DEPLOYMENT_NAME: 'ingestion',
    BUILD_ID: '0.1.0-2',
    SECRETS_DIR: '/run/secrets',
    RECORDS_DIR: '/data',
    RECORDS_HOSTS: 'Files.example.com, 127.0.0.1:8080',
    METRICS_ADDRESS: '127.0.0.1:9464',
    HEALTH_ADDRESS: '[::1]:8080',
    SHUTDOWN_GRACE: '5m',
    ALGOLIA_TIMEOUT: '10s',
    MAX_CONCURRENT_ACTIVITIES: '200',
    TARGET_MEMORY_USAGE: '0.8',
    TARGET_CPU_USAGE: '1',
    ALGOLIA_REQUESTS_PER_SECOND: '50',
    MAX_TASK_QUEUE_ACTIVITIES_PER_SECOND: '0.5',
    LOG_LEVEL: 'debug',
    SECRET_A: 'a',
    SECRETS_OTHER: 'b',
    TEMPORAL_ADDRESS: 'temporal.example.com:7233',
    TEMPORAL_NAMESPACE: 'ns',
  });
  expect(config).toMatchObject({
    apiKey: { value: undefined, file: '/run/secrets/key' },
    ingestionUrl: new URL('https://data.eu.algolia.com'),
    searchUrl: new URL('http://localhost:4010'),
    taskQueue: 'q',
    deployment: { name: 'ingestion', buildId: '0.1.0-2' },
    secretsDir: '/run/secrets',
    secretVariables: { SECRET_A: 'a' },
    recordsDir: '/data',
    recordsHosts: ['files.example.com', '127.0.0.1:8080'],
    metricsAddress: '127.0.0.1:9464',
    healthAddress: '[::1]:8080',
    shutdownGraceMs: 300_000,
    maxTimeoutMs: 10_000,
    slots: { maxActivities: 200, targetMemory: 0.8, targetCpu: 1 },
    rates: { requestsPerSecond: 50, taskQueueActivitiesPerSecond: 0.5 },
    logLevel: 'debug',
    temporal: { namespace: 'ns', connectionOptions: { address: 'temporal.example.com:7233' } },
  });
  expect(config.secretVariables).toEqual({ SECRET_A: 'a' });
});

test('there are traces where somebody says where they go, and does not turn them off', () => {
  const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' };
  const isTracing = (otel: Record<string, string>) => loadConfig({ ...least, ...otel }).tracing;
  expect(isTracing(endpoint)).toBe(true);
  expect(isTracing({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://collector/v1/traces' })).toBe(true);
  expect(isTracing({ OTEL_SERVICE_NAME: 'worker' })).toBe(false);
  expect(isTracing({ ...endpoint, OTEL_SDK_DISABLED: 'true' })).toBe(false);
  expect(isTracing({ ...endpoint, OTEL_TRACES_EXPORTER: 'none' })).toBe(false);
});

test('nobody changes it afterwards', () => {
  const config = loadConfig({ ...least, SECRET_A: 'a' });
  for (const part of [config, config.apiKey, config.secretVariables]) expect(Object.isFrozen(part)).toBe(true);
});

test('an empty variable is an unset one', () => {
  expect(loadConfig({ ...least, ALGOLIA_API_KEY_FILE: '', TASK_QUEUE: '', LOG_LEVEL: '', SECRET_A: '' })).toMatchObject(
    {
      taskQueue: 'algolia-ingestion',
      logLevel: 'info',
      secretVariables: {},
    },
  );
  expect(problem({ ALGOLIA_APPLICATION_ID: '' })).toBe(
    'ALGOLIA_APPLICATION_ID: not set: the id of the Algolia application this worker serves',
  );
});

test('the region is not needed where the URL says more', () => {
  const { ingestionUrl } = loadConfig({
    ...least,
    ALGOLIA_REGION: undefined,
    ALGOLIA_INGESTION_URL: 'https://a.example/x',
  });
  expect(ingestionUrl.href).toBe('https://a.example/x');
});

test('half a version is refused', () => {
  const message = 'DEPLOYMENT_NAME and BUILD_ID: set both, or neither for a worker without a version';
  expect(problem({ BUILD_ID: '0.1.0' })).toBe(message);
  expect(problem({ DEPLOYMENT_NAME: 'ingestion' })).toBe(message);
});

describe('a bad value gives one readable line that names the variable', () => {
  test.each<[string, Record<string, string | undefined>, string]>([
    ['an application id with a space', { ALGOLIA_APPLICATION_ID: 'A P' }, 'expected letters, digits, - and _ only'],
    ['no application id', { ALGOLIA_APPLICATION_ID: undefined }, 'not set: the id of the Algolia application'],
    ['a key with a line break', { ALGOLIA_API_KEY: `${KEY}\nx` }, 'holds characters that no header may'],
    ['a key with an umlaut', { ALGOLIA_API_KEY: `${KEY}ä` }, 'holds characters that no header may'],
    [
      'a deployment with a dot',
      { DEPLOYMENT_NAME: 'a.b', BUILD_ID: '1' },
      'expected letters, digits, - and _ only, and not to begin with __',
    ],
    ['a build with a colon', { BUILD_ID: 'a:1', DEPLOYMENT_NAME: 'a' }, 'expected letters, digits, and . + - _ only'],
    ['an unknown region', { ALGOLIA_REGION: 'de' }, 'expected us or eu'],
    ['a region in capitals', { ALGOLIA_REGION: 'US' }, 'expected us or eu'],
    ['no region', { ALGOLIA_REGION: undefined }, "not set: us or eu, the application's analytics region"],
    ['no activity at all', { MAX_CONCURRENT_ACTIVITIES: '0' }, 'expected a whole number of 1 or more'],
    ['a share in percent', { TARGET_MEMORY_USAGE: '80' }, 'expected a share above 0 and up to 1, such as 0.8'],
    ['no share', { TARGET_CPU_USAGE: '0' }, 'expected a share above 0 and up to 1, such as 0.8'],
    ['no request at all', { ALGOLIA_REQUESTS_PER_SECOND: '0.0' }, 'expected a number above 0, such as 50 or 0.5'],
    ['a rate with its unit', { MAX_TASK_QUEUE_ACTIVITIES_PER_SECOND: '5/s' }, 'expected a number above 0'],
    ['a URL for a host', { RECORDS_HOSTS: 'a.example,https://b.example/x' }, "'https://b.example/x' is no host"],
    ['an unknown log level', { LOG_LEVEL: 'loud' }, 'expected trace, debug, info, warn or error'],
    ['an address without a port', { METRICS_ADDRESS: 'localhost' }, 'expected host:port, such as 127.0.0.1:9464'],
    ['a name for metrics', { METRICS_ADDRESS: 'metrics.example:9464' }, 'expected an IP address and a port, such as'],
    ['a line break behind the task queue', { TASK_QUEUE: 'q\n' }, 'begins or ends with white space'],
    ['a port that is none', { HEALTH_ADDRESS: 'localhost:70000' }, 'expected host:port, such as 127.0.0.1:9464'],
    [
      'a collector without a scheme',
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318' },
      'expected an http or https URL',
    ],
    ['a protocol that there is not', { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }, 'expected http/protobuf'],
    ['an exporter that there is not', { OTEL_TRACES_EXPORTER: 'zipkin' }, 'expected otlp or none'],
    ['a port that is a word', { HEALTH_ADDRESS: 'localhost:http' }, 'expected host:port, such as 127.0.0.1:9464'],
  ])('%s', (_, changes, words) => {
    const [name = ''] = Object.keys(changes);
    const message = problem(changes);
    expect(message).toContain(`${name}: ${words}`);
    expect(message).not.toContain('\n');
    expect(message).not.toContain(KEY);
  });

  test('several bad values give a line each', () => {
    const lines = problem({ ALGOLIA_REGION: 'x', LOG_LEVEL: 'y', ALGOLIA_API_KEY: `${KEY} ` }).split('\n');
    expect(lines.map((line) => line.split(':')[0])).toEqual(['ALGOLIA_API_KEY', 'ALGOLIA_REGION', 'LOG_LEVEL']);
  });

  test('what is missing is told all at once', () => {
    const lines = problem({ ALGOLIA_APPLICATION_ID: undefined, ALGOLIA_API_KEY: undefined, ALGOLIA_REGION: undefined });
    expect(lines.split('\n').map((line) => line.split(':')[0])).toEqual([
      'ALGOLIA_APPLICATION_ID',
      'ALGOLIA_API_KEY or ALGOLIA_API_KEY_FILE',
      'ALGOLIA_REGION',
    ]);
    const half = problem({ LOG_LEVEL: 'loud', BUILD_ID: '1' });
    expect(half).toMatch(/^LOG_LEVEL: expected .*\nDEPLOYMENT_NAME and BUILD_ID: set both, /);
  });

  test('no key, or two', () => {
    const words = 'ALGOLIA_API_KEY or ALGOLIA_API_KEY_FILE: set exactly one of the two';
    expect(problem({ ALGOLIA_API_KEY: undefined })).toBe(words);
    expect(problem({ ALGOLIA_API_KEY_FILE: '/x' })).toBe(words);
  });
});

describe.each(['ALGOLIA_INGESTION_URL', 'ALGOLIA_SEARCH_URL'])('%s', (name) => {
  test.each([
    'https://example.com',
    'https://example.com:8443/base',
    'http://localhost:4010',
    'http://127.0.0.1:4010',
    'http://127.1.2.3',
    'http://[::1]:4010/',
  ])('may be %s', (value) => {
    const { ingestionUrl, searchUrl } = loadConfig({ ...least, [name]: value });
    expect([ingestionUrl.href, searchUrl.href]).toContain(new URL(value).href);
  });

  test.each([
    'http://example.com',
    'http://127.0.0.1.example.com',
    'http://localhost.example.com',
    'http://notlocalhost',
    'http://10.0.0.1',
    'http://[::2]',
    'ftp://localhost',
    'file:///etc/passwd',
    'localhost:4010',
    'example.com',
    'not a url',
    `https://user:${KEY}@example.com`,
    `https://:${KEY}@example.com`,
    `https://example.com?key=${KEY}`,
    `https://example.com#${KEY}`,
  ])('may not be %s', (value) => {
    const message = problem({ [name]: value });
    expect(message).toBe(`${name}: expected an https URL (http on loopback only) without user, query and fragment`);
  });
});

describe('Temporal', () => {
  test('is where every Temporal tool finds it', () => {
    const directory = mkdtempSync(join(tmpdir(), 'config-'));
    const file = join(directory, 'temporal.toml');
    writeFileSync(file, '[profile.staging]\naddress = "staging:7233"\nnamespace = "here"\n');
    expect(loadTemporalConfig({ TEMPORAL_CONFIG_FILE: file, TEMPORAL_PROFILE: 'staging' })).toMatchObject({
      namespace: 'here',
      connectionOptions: { address: 'staging:7233' },
    });
    rmSync(directory, { recursive: true });
  });

  test.each([
    {
      what: { TEMPORAL_TLS: 'true', TEMPORAL_TLS_CLIENT_CERT_PATH: '/nonexistent' },
      name: 'TEMPORAL_TLS_CLIENT_CERT_PATH',
    },
    { what: { TEMPORAL_TLS_SERVER_CA_CERT_PATH: '/nonexistent' }, name: 'TEMPORAL_TLS_SERVER_CA_CERT_PATH' },
    { what: { TEMPORAL_PROFILE: 'staging' }, name: 'TEMPORAL_PROFILE' },
  ])('of which something cannot be found names the variable, $name, and no key', ({ what, name }) => {
    const key = what.TEMPORAL_TLS_CLIENT_CERT_PATH ? { TEMPORAL_TLS_CLIENT_KEY_PATH: '/nonexistent/key' } : {};
    const message = problem({ ...what, ...key, TEMPORAL_API_KEY: KEY });
    expect(message).toMatch(new RegExp(`^${name}: .*'${Object.values(what).at(-1)}'`));
    expect(message).not.toContain(KEY);
  });

  test.each(['yes', 'True', 'on', 'true\n', ' true'])(
    'is not reached in the clear where TEMPORAL_TLS is %j',
    (value) => {
      expect(problem({ TEMPORAL_TLS: value, TEMPORAL_API_KEY: KEY })).toBe('TEMPORAL_TLS: expected true or false');
      expect(() => loadCliConfig({ TEMPORAL_TLS: value })).toThrow('TEMPORAL_TLS: expected true or false');
    },
  );

  test('is not asked with a header that would be quoted in an error', () => {
    const wrong = 'holds characters that no header may';
    expect(problem({ TEMPORAL_API_KEY: `${KEY}\n` })).toBe(`TEMPORAL_API_KEY: ${wrong}`);
    expect(() => loadCliConfig({ TEMPORAL_API_KEY: `${KEY}\n` })).toThrow(`TEMPORAL_API_KEY: ${wrong}`);
    expect(problem({ TEMPORAL_GRPC_META_X_AUTH: `${KEY}\n` })).toBe(`TEMPORAL_GRPC_META_X_AUTH: ${wrong}`);
    expect(loadTemporalConfig({ ...least, TEMPORAL_GRPC_META_X_AUTH: `Bearer ${KEY}` })).toHaveProperty(
      'connectionOptions.metadata.x-auth',
      `Bearer ${KEY}`,
    );
  });

  test('takes a client certificate with its key, or none', () => {
    const half = /^TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH: set both/;
    expect(problem({ TEMPORAL_TLS_CLIENT_CERT_PATH: '/run/tls.crt' })).toMatch(half);
    expect(problem({ TEMPORAL_TLS_CLIENT_KEY_DATA: 'key' })).toMatch(half);
    const both = { TEMPORAL_TLS_CLIENT_CERT_DATA: 'crt', TEMPORAL_TLS_CLIENT_KEY_DATA: 'key' };
    expect(loadTemporalConfig({ ...least, ...both })).toHaveProperty('connectionOptions.tls.clientCertPair.key');
  });
});

test('metrics are served on localhost too, by its number', () => {
  expect(loadConfig({ ...least, METRICS_ADDRESS: 'localhost:9464' }).metricsAddress).toBe('127.0.0.1:9464');
  expect(loadConfig({ ...least, METRICS_ADDRESS: '[::1]:9464' }).metricsAddress).toBe('[::1]:9464');
});

test('the command line needs no key and no region', () => {
  expect(loadCliConfig({ SECRET_A: 'a' })).toMatchObject({
    applicationId: undefined,
    taskQueue: 'algolia-ingestion',
    secretVariables: { SECRET_A: 'a' },
  });
});

describe('the keys of the codec', () => {
  const codecKey = Buffer.alloc(32, 7).toString('base64');
  const directory = mkdtempSync(join(tmpdir(), 'config-'));
  const file = join(directory, 'codec-keys');
  afterAll(() => rmSync(directory, { recursive: true }));

  test('may be in a file, for the worker and for the CLI', () => {
    writeFileSync(file, `k2:${codecKey},k1:${codecKey}\n`);
    for (const { codecKeys } of [
      loadConfig({ ...least, TEMPORAL_CODEC_KEYS_FILE: file }),
      loadCliConfig({ TEMPORAL_CODEC_KEYS_FILE: file }),
    ])
      expect(codecKeys.map(({ id }) => id)).toEqual(['k2', 'k1']);
  });

  test('are refused by the name of the file, and not shown', () => {
    writeFileSync(file, `k1:${codecKey}x`);
    const message = problem({ TEMPORAL_CODEC_KEYS_FILE: file });
    expect(message).toContain('TEMPORAL_CODEC_KEYS_FILE: key 1: expected 32 bytes in base64');
    expect(message).not.toContain(codecKey);
    expect(problem({ TEMPORAL_CODEC_KEYS_FILE: join(directory, 'none') })).toContain(
      'TEMPORAL_CODEC_KEYS_FILE: ENOENT',
    );
  });

  test('are in one place', () => {
    expect(problem({ TEMPORAL_CODEC_KEYS_FILE: file, TEMPORAL_CODEC_KEYS: `k1:${codecKey}` })).toBe(
      'TEMPORAL_CODEC_KEYS and TEMPORAL_CODEC_KEYS_FILE: set one of the two at most',
    );
  });
});
