import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { request } from 'undici';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { startSimulator, type Simulator } from '../../simulator/index.ts';
import { rotateApiKeyId } from '../../src/workflows/rotate-api-key.ts';
import { makeConnector, serveRecords, type RecordServer } from '../setup/connector.ts';
import { answer, asked } from '../setup/decide.ts';
import { freeAddress } from '../setup/free-address.ts';
import { formsOf, historiesOf, textOf } from '../setup/histories.ts';
import { startReceiver, type Receiver } from '../setup/receiver.ts';
import { spawnWorker, type SpawnedWorker } from '../setup/spawn-worker.ts';
import { workerEnvironment } from '../setup/start-worker.ts';
import { startCollector, type Collector } from '../tracing/collector.ts';

/** With characters that JSON, URLs and HTML each write in another way. */
const newSecret = (what: string) => `${what} <&"+/=> ${randomBytes(6).toString('hex')}`;
const newKey = () => randomBytes(16).toString('hex');

const NAMES = [
  'PASSWORD',
  'KEY',
  'PRIVATE_KEY',
  'CLIENT_SECRET',
  'CODE',
  'ALGOLIA',
  'INSIGHTS',
  'ANY',
  'DOCKER',
  'NEW',
];
const variables = Object.fromEntries(NAMES.map((name) => [`SECRET_${name}`, newSecret(name.toLowerCase())]));
const apiKey = newKey();
const adminKey = newKey();
const applicationId = `SECRETS${Date.now()}`;
const taskQueue = `secrets-${randomUUID()}`;
/** Everything that is to be approved is told, by a channel whose header is a credential too. */
const POLICIES = `
policies: { default: { expiresAfter: 24h, notify: [audit] } }
channels:
  audit:
    type: webhook
    url: { $secret: env:SECRET_NOTICES_URL }
    headers: { authorization: { $secret: env:SECRET_ANY } }
`;
const secret = (name: string) => ({ $secret: `env:SECRET_${name}` });

let simulator: Simulator;
let records: RecordServer;
let collector: Collector;
let receiver: Receiver;
let worker: SpawnedWorker;
let client: Client;
let secretsDir: string;
let metrics: string;

beforeAll(async () => {
  secretsDir = await mkdtemp(join(tmpdir(), 'secrets-'));
  [simulator, records, collector, receiver] = await Promise.all([
    startSimulator({ runSpeed: 20, applicationId, apiKey, adminKey }),
    serveRecords(),
    startCollector(),
    startReceiver(),
  ]);
  await writeFile(join(secretsDir, 'policies.yaml'), POLICIES);
  metrics = await freeAddress();
  worker = spawnWorker({
    ...workerEnvironment(simulator, taskQueue),
    ...variables,
    SECRET_ALGOLIA_ADMIN_KEY: adminKey,
    SECRETS_DIR: secretsDir,
    METRICS_ADDRESS: metrics,
    APPROVAL_POLICIES: join(secretsDir, 'policies.yaml'),
    SECRET_NOTICES_URL: `${receiver.url}/notices`,
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_BSP_SCHEDULE_DELAY: '100',
    LOG_LEVEL: 'trace',
  });
  const { address, namespace } = inject('temporal');
  client = new Client({ connection: await Connection.connect({ address }), namespace });
});
afterAll(async () => {
  await worker.end('SIGKILL');
  await Promise.all([simulator.stop(), records.stop(), collector.stop(), receiver.stop(), client.connection.close()]);
  await rm(secretsDir, { recursive: true });
});

const start = (type: string, input: object, workflowId = `${type}-${randomUUID()}`) =>
  client.workflow.start(type, { taskQueue, workflowId, args: [input] });
const call = async (operation: string, params: object) =>
  (await start('callOperation', { operation, params, confirm: operation })).result();

const detailsOf = async (handle: WorkflowHandle) => JSON.stringify(await handle.query('__temporal_workflow_metadata'));
/** What people are shown when they are asked. */
const plans: string[] = [];
async function approve(handle: WorkflowHandle): Promise<void> {
  await asked(handle);
  plans.push(await detailsOf(handle));
  await answer(handle, 'approve');
}

test(
  'no secret is in any history, memo, detail, search attribute, log, metric, trace, notice or answer',
  { timeout: 120_000 },
  async () => {
    const inputs: Record<string, object> = {
      basic: { username: 'shop', password: secret('PASSWORD') },
      apiKey: { key: secret('KEY') },
      googleServiceAccount: { clientEmail: 'a@example.com', privateKey: secret('PRIVATE_KEY') },
      oauth: { url: 'https://example.com', client_secret: secret('CLIENT_SECRET'), code: secret('CODE') },
      algolia: { appID: applicationId, apiKey: secret('ALGOLIA') },
      algoliaInsights: { appID: applicationId, apiKey: secret('INSIGHTS') },
      secrets: { any: secret('ANY') },
    };
    const made = await Promise.all(
      Object.entries(inputs).map(([type, input]) => call('createAuthentication', { type, name: type, input })),
    );
    await call('tryTransformation', {
      type: 'code',
      input: { code: 'async function transform(record) { throw new Error(JSON.stringify(record)); }' },
      sampleRecord: { objectID: '1' },
      authentications: [{ type: 'basic', name: 'inline', input: inputs.basic }],
    });
    const configuration = { start: '2026-01-01', api_token: secret('DOCKER') };
    await call('createSource', { type: 'docker', name: 'docker', input: { image: 'zendesk', configuration } });

    // Algolia repeats in its refusal what it was sent.
    const message = `'${variables.SECRET_PASSWORD}' is weak`;
    await simulator.control('POST /faults', {
      operation: 'createAuthentication',
      kind: 'status',
      status: 400,
      message,
    });
    await expect(call('createAuthentication', { type: 'basic', name: 'weak', input: inputs.basic })).rejects.toThrow(
      'Workflow execution failed',
    );

    const pipeline = await start('connectorPipeline', {
      name: 'pipeline',
      authentication: { type: 'basic', input: inputs.basic },
      source: { type: 'json', input: { url: records.url } },
      destination: { type: 'search', input: { indexName: 'pipeline' } },
      task: { action: 'replace' },
      thenRotate: {
        toSecret: 'file:next',
        mint: 'algolia',
        revoke: 'delete',
        adminSecret: 'env:SECRET_ALGOLIA_ADMIN_KEY',
        emergency: true,
        overlap: '1s',
        soak: '1s',
      },
    });
    await approve(pipeline);
    const rotation = client.workflow.getHandle(rotateApiKeyId(applicationId));
    await approve(rotation);
    expect(await pipeline.result()).toMatchObject({
      rotation: { outcome: 'revoked' },
      secondSync: { verdict: 'success' },
    });

    const authenticationID = (made[0] as { authenticationID: string }).authenticationID;
    await makeConnector({ ...simulator, apiKey: adminKey }, { url: records.url, source: { authenticationID } });
    const renewal = await start('rotateAuthentication', {
      authenticationID,
      newInput: { username: 'shop', password: secret('NEW') },
      overlap: '1s',
    });
    await approve(renewal);
    await renewal.result();

    const minted = (await readFile(join(secretsDir, 'next'), 'utf8')).trim();
    const places = await everything();
    const seeded = [...Object.values(variables), apiKey, adminKey, minted];
    const leaks = places.flatMap(([place, text]) =>
      seeded.flatMap((value, n) =>
        formsOf(value).some((form) => text.includes(form)) ? [`${place}: secret ${n}`] : [],
      ),
    );
    expect(leaks).toEqual([]);
    // The places were read: each holds what it should.
    expect(Object.fromEntries(places)).toMatchObject({
      log: expect.stringContaining('createAuthentication'),
      details: expect.stringContaining('planHash'),
      notices: expect.stringContaining('requested'),
      traces: expect.stringContaining('POST /1/authentications'),
    });
  },
);

/** Every place where a secret could be, as text. */
async function everything(): Promise<[string, string][]> {
  const histories = await historiesOf(client, taskQueue);
  expect(histories.size).toBeGreaterThanOrEqual(14);
  const descriptions = await Promise.all(
    [...histories.keys()].map(async (id) => textOf((await client.workflow.getHandle(id).describe()).raw)),
  );
  const details = await Promise.all([...histories.keys()].map((id) => detailsOf(client.workflow.getHandle(id))));
  const scrape = await (await request(`http://${metrics}/metrics`)).body.text();
  expect(scrape).toContain('temporal_');
  const requests = await simulator.control('GET /requests?limit=10000');
  return [
    ...[...histories].map(([id, history]): [string, string] => [`history of ${id}`, textOf(history)]),
    ['memos and search attributes', descriptions.join('\n')],
    ['details', [...plans, ...details].join('\n')],
    ['notices', JSON.stringify(receiver.posted('/notices').map(({ body }) => body as unknown))],
    ['traces', collector.raw()],
    ['log', worker.stderr()],
    ['metrics', scrape],
    ["the simulator's log", JSON.stringify(requests)],
  ];
}
