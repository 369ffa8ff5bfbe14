import { Client, Connection } from '@temporalio/client';
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { startSimulator, type Simulator } from '../../simulator/index.ts';
import { makeConnector, serveRecords, type RecordServer } from '../setup/connector.ts';
import { startCollector } from '../tracing/collector.ts';
import { buildImage, copied, dockerfile } from './image.ts';
import { spawnNode } from './spawn-node.ts';

let directory: string;
let app: string;
let simulator: Simulator;
let records: RecordServer;
let connection: Connection;
let client: Client;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'image-'));
  const { address, namespace } = inject('temporal');
  [app, simulator, records, connection] = await Promise.all([
    buildImage(directory),
    startSimulator({ speed: 10 }),
    serveRecords(),
    Connection.connect({ address }),
  ]);
  client = new Client({ connection, namespace });
});

afterAll(async () => {
  await Promise.all([simulator?.stop(), records?.stop(), connection?.close()]);
  await rm(directory, { recursive: true, force: true });
});

function environment(taskQueue: string): Record<string, string> {
  const { address, namespace } = inject('temporal');
  return {
    TEMPORAL_ADDRESS: address,
    TEMPORAL_NAMESPACE: namespace,
    TASK_QUEUE: taskQueue,
    ALGOLIA_APPLICATION_ID: simulator.applicationId,
    ALGOLIA_API_KEY: simulator.apiKey,
    ALGOLIA_INGESTION_URL: simulator.url,
    ALGOLIA_SEARCH_URL: simulator.url,
  };
}

test('nothing that is copied into the image is ignored, and nothing else is let in', async () => {
  const ignore = (await readFile('.dockerignore', 'utf8')).split('\n').filter((line) => line !== '' && line[0] !== '#');
  const [everything, ...let_in] = ignore;
  const stages = await dockerfile();
  const copies = stages.flatMap(({ instructions }) => instructions).filter(({ name }) => name === 'COPY');
  const sources = copies.filter(({ rest }) => !rest.startsWith('--from=')).flatMap(copied);
  expect(everything).toBe('*');
  expect(let_in.toSorted()).toEqual([...new Set(sources)].map((path) => `!${path}`).toSorted());
});

test('the image has the packages of production only, and native code for one kind of machine', async () => {
  const packages = (path: string) => existsSync(join(app, 'node_modules', path));
  const { dependencies, devDependencies } = JSON.parse(await readFile('package.json', 'utf8')) as Record<
    'dependencies' | 'devDependencies',
    Record<string, string>
  >;
  expect(Object.keys(dependencies).filter((name) => !packages(name))).toEqual([]);
  expect(['typescript', 'tsx', 'vitest'].filter((name) => name in devDependencies && packages(name))).toEqual([]);
  expect(await readdir(join(app, 'node_modules/@temporalio/core-bridge/releases'))).toHaveLength(1);
});

test('the built worker does an activity and a workflow, and leaves when it is told to', async () => {
  const taskQueue = `image-${randomUUID()}`;
  const { taskID } = await makeConnector(simulator, { url: records.url });
  const worker = spawnNode(['dist/worker.js'], { cwd: app, environment: environment(taskQueue) });

  const task = await client.activity.execute('getTask', {
    id: randomUUID(),
    taskQueue,
    args: [{ taskID }],
    scheduleToCloseTimeout: '30s',
  });
  expect(task).toMatchObject({ taskID });
  const run = await client.workflow.execute('syncTask', { workflowId: randomUUID(), taskQueue, args: [{ taskID }] });
  expect(run).toMatchObject({ verdict: 'success' });
  expect(worker.stderr()).not.toContain('Workflow bundle created');
  expect(await worker.end('SIGTERM')).toBe(0);
});

test('the built worker encrypts failures too, for which it has a bundle of its own', async () => {
  const taskQueue = `image-${randomUUID()}`;
  const worker = spawnNode(['dist/worker.js'], {
    cwd: app,
    environment: { ...environment(taskQueue), TEMPORAL_CODEC_KEYS: `k1:${Buffer.alloc(32, 7).toString('base64')}` },
  });
  const handle = await client.workflow.start('syncTask', {
    workflowId: randomUUID(),
    taskQueue,
    args: [{ nonsense: 1 }],
  });
  await expect(handle.result()).rejects.toThrow(/Workflow execution failed|Unknown encoding/);
  const history = JSON.stringify(await handle.fetchHistory());
  expect(history).toContain('InvalidInput');
  expect(history).toContain('Encoded failure');
  expect(history).not.toContain('nonsense: ');
  expect(worker.stderr()).not.toContain('Workflow bundle created');
  expect(await worker.end('SIGTERM')).toBe(0);
});

/** Tells at the end which of OpenTelemetry's modules were loaded. */
const tellOpenTelemetry = `data:text/javascript,${encodeURIComponent(`
  import { Module } from 'node:module';
  const loaded = () => Object.keys(Module._cache).filter((path) => path.includes('opentelemetry'));
  process.on('exit', () => process.stderr.write('OpenTelemetry: ' + loaded().length));
`)}`;

test('the built worker traces, for which it has bundles of its own, and loads nothing for it where it does not', async () => {
  const collector = await startCollector();
  const { taskID } = await makeConnector(simulator, { url: records.url });
  const syncWith = async (extra: Record<string, string>) => {
    const taskQueue = `image-${randomUUID()}`;
    const args = ['--import', tellOpenTelemetry, 'dist/worker.js'];
    const worker = spawnNode(args, { cwd: app, environment: { ...environment(taskQueue), ...extra } });
    await client.workflow.execute('syncTask', { workflowId: randomUUID(), taskQueue, args: [{ taskID }] });
    expect(worker.stderr()).not.toContain('Workflow bundle created');
    expect(await worker.end('SIGTERM')).toBe(0);
    return worker.stderr();
  };
  expect(await syncWith({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url })).toMatch(/OpenTelemetry: [1-9]/);
  expect(collector.spans().map(({ name }) => name)).toContain('RunWorkflow:syncTask');
  expect(await syncWith({})).toMatch(/OpenTelemetry: 0$/);
  await collector.stop();
});

test('the built CLI runs', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ['dist/cli.js', 'operations'], { cwd: app });
  expect(stdout).toContain('createSource');
});
