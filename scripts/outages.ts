import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startSimulator } from '../simulator/index.ts';
import { replaceAllRecordsId } from '../src/workflows/replace-all-records.ts';
import { rotateApiKeyId } from '../src/workflows/rotate-api-key.ts';
import { callAlgolia, makeConnector, serveRecords } from '../test/setup/connector.ts';
import { makeIndex, makePushConnector } from '../test/setup/indices.ts';
import { spawnWorker } from '../test/setup/spawn-worker.ts';
import { startPostgresTemporal } from './postgres-temporal.ts';
import { recordedConnector } from './replay-cases.ts';

const TASK_QUEUE = 'algolia-ingestion';
const POLICIES =
  'policies: {default: {expiresAfter: 24h}}\nchannels: {ops: {type: webhook, url: {$secret: env:SECRET_OPS}}}\n';
const [schemas, rounds = '3'] = process.argv.slice(2);

/**
 * `npm run outages -- <source of temporal> [rounds]`: kills the server and its database at once while a workflow of every type is
 * under way, starts both again, and says whether each came to what it should, and whether anything was done twice.
 */
async function main(): Promise<boolean> {
  if (!schemas) throw new Error('usage: npm run outages -- <source directory of the temporal server> [rounds]');
  const began = Date.now();
  const say = (text: string) => console.log(`${((Date.now() - began) / 1_000).toFixed(0).padStart(4)} s  ${text}`);
  const directory = await mkdtemp(join(tmpdir(), 'outages-'));
  await mkdir(join(directory, 'records'));
  const temporal = await startPostgresTemporal({ schemas });
  say(`Temporal on PostgreSQL at ${temporal.address}`);
  const simulator = await startSimulator({ runSpeed: 5 });
  const served = await serveRecords();
  const connection = await Connection.connect({ address: temporal.address });
  const client = new Client({ connection });
  await writeFile(join(directory, 'next-key'), 'the-next-key');
  await simulator.control('POST /keys', { key: 'the-next-key' });
  await writeFile(join(directory, 'policies.yaml'), POLICIES);
  const worker = spawnWorker({
    TEMPORAL_ADDRESS: temporal.address,
    TASK_QUEUE,
    ALGOLIA_APPLICATION_ID: simulator.applicationId,
    ALGOLIA_API_KEY: simulator.apiKey,
    ALGOLIA_INGESTION_URL: simulator.url,
    ALGOLIA_SEARCH_URL: simulator.url,
    SECRETS_DIR: directory,
    SECRET_SHOP: 'a-password',
    SECRET_OPS: served.url,
    APPROVAL_POLICIES: join(directory, 'policies.yaml'),
    RECORDS_HOSTS: '127.0.0.1',
    RECORDS_DIR: join(directory, 'records'),
    SHUTDOWN_GRACE: '5s',
    LOG_LEVEL: 'error',
  });
  try {
    const started = await startAll(client, simulator, served.url);
    say(`${started.length} workflows started`);
    await until(async () => (await client.workflow.getHandle('outage-callOperation').describe()).historyLength > 10);
    for (let round = 1; round <= Number(rounds); round += 1) {
      await temporal.kill();
      say(`outage ${round}: server and database killed`);
      await sleep(3_000);
      await temporal.start();
      say(`outage ${round}: both are back`);
      await approveAll(started);
      await sleep(2_000);
    }
    const rows = await Promise.all(started.map((one) => outcomeOf(one)));
    console.table(rows);
    const { counts } = simulator.world.requests;
    const { runTask, deleteTask, createSource } = counts;
    say(`runTask ${runTask}, deleteTask ${deleteTask}, createSource ${createSource}`);
    const found = await client.workflow.count("ApprovalState = 'approved' AND AlgoliaAppId IS NOT NULL");
    say(`${found.count} workflows found by ApprovalState and AlgoliaAppId`);
    return rows.every(({ ok }) => ok);
  } finally {
    await worker.end('SIGTERM');
    if (worker.stderr()) console.log(worker.stderr().slice(-2_000));
    await connection.close();
    await Promise.all([temporal.stop(), simulator.stop(), served.stop(), rm(directory, { recursive: true })]);
  }
}

interface Started {
  readonly handle: WorkflowHandle;
  readonly asks: boolean;
  readonly expected: RegExp;
}

async function startAll(
  client: Client,
  simulator: Awaited<ReturnType<typeof startSimulator>>,
  url: string,
): Promise<Started[]> {
  const connector = () => makeConnector(simulator, { url });
  const shop = await makeConnector(simulator, {
    source: { type: 'shopify', input: { shopURL: 'https://shop.example' } },
  });
  await simulator.control(`POST /sources/${shop.sourceID}/records`, { records: [{ objectID: 'p1' }] });
  makeIndex(simulator, 'replaced', { count: 20 });
  await makePushConnector(simulator, 'replaced');
  await makePushConnector(simulator, 'pushed');
  await simulator.control('POST /faults', { operation: 'push', kind: 'slow', ms: 400, times: -1 });
  const watched = await connector();
  const blocked = await connector();
  await callAlgolia(simulator, `PUT /2/tasks/${blocked.taskID}/disable`);
  const many = await Promise.all(Array.from({ length: 12 }, connector));
  const changed = await connector();
  const gone = await connector();
  const plan: [type: string, input: object, expected: RegExp, asks?: boolean, id?: string][] = [
    ['syncTask', { taskID: (await connector()).taskID }, /"verdict":"success"/],
    ['syncSource', { sourceID: shop.sourceID }, /"success"/],
    ['backfill', { items: many.map(({ taskID }) => ({ taskID })), maxParallel: 3 }, /"counts":\{"success":12\}/],
    [
      'pushRecords',
      { indexName: 'pushed', action: 'addObject', recordsRef: { uri: url }, batch: { maxRecords: 1 }, maxParallel: 1 },
      /"pushed":25,.*"failed":0/,
    ],
    [
      'replaceAllRecords',
      { indexName: 'replaced', recordsRef: { uri: url }, guard: { minRecords: 1_000 }, onGuard: 'askApproval' },
      /./,
      true,
      replaceAllRecordsId(simulator.applicationId, 'replaced'),
    ],
    ['provisionConnector', { ...recordedConnector(url), name: 'provisioned' }, /"taskID"/],
    ['connectorPipeline', { ...recordedConnector(url), name: 'piped' }, /"success"/, true],
    [
      'changeSource',
      { sourceID: changed.sourceID, sourceUpdate: { input: { url, uniqueIDColumn: 'objectID' } } },
      /"changed"|"success"/,
      true,
    ],
    [
      'callOperation',
      { operation: 'deleteTask', params: { taskID: gone.taskID }, confirm: 'deleteTask' },
      /"deletedAt"/,
      true,
    ],
    ['reenableTask', { taskID: blocked.taskID }, /"enabled"|"success"/, true],
    ['watchConnectors', { expect: [{ taskID: watched.taskID, maxAge: '1h' }], alert: ['ops'] }, /./],
    [
      'rotateApiKey',
      { toSecret: 'file:next-key', emergency: true, overlap: '0s', soak: '1s' },
      /"outcome":"left"/,
      true,
      rotateApiKeyId(simulator.applicationId),
    ],
  ];
  return Promise.all(
    plan.map(async ([type, input, expected, asks = false, id = `outage-${type}`]) => ({
      handle: await client.workflow.start(type, { workflowId: id, taskQueue: TASK_QUEUE, args: [input] }),
      expected,
      asks,
    })),
  );
}

async function until(isReached: () => Promise<boolean>): Promise<void> {
  for (let look = 1; !(await isReached()); look += 1) {
    if (look > 600) throw new Error('The worker has begun nothing within a minute');
    await sleep(100);
  }
}

/** Answers whoever asks by now and hasn't been answered. */
async function approveAll(started: readonly Started[]): Promise<void> {
  for (const { handle, asks } of started) {
    if (!asks) continue;
    const asked = await handle.query<{ state: string; planHash?: string }>('approval').catch(() => undefined);
    if (asked?.state === 'waiting') await handle.signal('approve', { approver: 'bob', planHash: asked.planHash });
  }
}

async function outcomeOf({ handle, expected, asks }: Started) {
  const deadline = Date.now() + 240_000;
  const patience = setInterval(() => void approveAll([{ handle, expected, asks }]).catch(() => undefined), 2_000);
  const result = await Promise.race([
    handle.result().then(
      (value: unknown) => JSON.stringify(value),
      (error: Error & { cause?: Error }) => `failed: ${error.cause?.message ?? error.message}`,
    ),
    sleep(deadline - Date.now(), 'still under way', { ref: false }),
  ]);
  clearInterval(patience);
  const { historyLength } = await handle.describe();
  return {
    workflow: handle.workflowId,
    ok: expected.test(result) && !/^(failed|still)/.test(result),
    events: historyLength,
    result: result.slice(0, 90),
  };
}

process.exit((await main()) ? 0 : 1);
