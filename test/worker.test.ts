import { Client, Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { startSimulator, type Simulator } from '../simulator/index.ts';
import { callOperation } from '../src/workflows/call-operation.ts';
import { spawnWorker } from './setup/spawn-worker.ts';
import { workerEnvironment } from './setup/start-worker.ts';

let simulator: Simulator;
let connection: Connection;
let client: Client;

beforeAll(async () => {
  const { address, namespace } = inject('temporal');
  simulator = await startSimulator();
  connection = await Connection.connect({ address });
  client = new Client({ connection, namespace });
});
afterAll(async () => {
  await connection.close();
  await simulator.stop();
});

const enough = { ALGOLIA_APPLICATION_ID: 'APP', ALGOLIA_API_KEY: 'a-key-nobody-may-see', ALGOLIA_REGION: 'us' };

describe.concurrent('a worker that cannot start says why in one line and exits with 1', () => {
  test.for([
    { what: 'nothing is set', environment: {}, says: /^(ALGOLIA_\w+( or ALGOLIA_\w+)?: .*\n){3}$/ },
    {
      what: 'a key and a key file',
      environment: { ...enough, ALGOLIA_API_KEY_FILE: '/run/key' },
      says: /^ALGOLIA_API_KEY or ALGOLIA_API_KEY_FILE: set exactly one of the two\n$/,
    },
    {
      what: 'a URL that is not safe',
      environment: { ...enough, ALGOLIA_INGESTION_URL: 'http://data.example/' },
      says: /^ALGOLIA_INGESTION_URL: expected an https URL .*\n$/,
    },
    {
      what: 'a Temporal server that is not there',
      environment: { ...enough, TEMPORAL_ADDRESS: '127.0.0.1:9' },
      says: /^TEMPORAL_ADDRESS: no Temporal server can be reached at 127\.0\.0\.1:9: Connection refused\n$/,
    },
    {
      what: 'an address of Temporal that is none',
      environment: { ...enough, TEMPORAL_ADDRESS: 'http://127.0.0.1:9' },
      says: /^TEMPORAL_ADDRESS: no Temporal server can be reached at http:\/\/127\.0\.0\.1:9: .*\n$/,
    },
    {
      what: 'a directory that is not there',
      environment: { ...enough, SECRETS_DIR: '/nowhere/secrets' },
      says: /^SECRETS_DIR: there is no directory \/nowhere\/secrets\n$/,
    },
    {
      what: 'an address for metrics that is not of this machine',
      environment: { ...enough, METRICS_ADDRESS: '192.0.2.1:9464' },
      says: /^METRICS_ADDRESS: can't listen on 192\.0\.2\.1:9464: .*\n$/,
    },
    {
      what: 'a namespace that is not there',
      environment: {
        ...enough,
        TEMPORAL_ADDRESS: inject('temporal').address,
        TEMPORAL_NAMESPACE: 'nowhere',
        LOG_LEVEL: 'error',
      },
      says: /^TEMPORAL_NAMESPACE: the Temporal server at \S+ says of nowhere: Namespace nowhere is not found\.\n$/,
    },
    {
      what: 'a Temporal server that speaks no TLS',
      environment: { ...enough, TEMPORAL_ADDRESS: inject('temporal').address, TEMPORAL_TLS: 'true' },
      says: /^TEMPORAL_ADDRESS: no Temporal server can be reached at \S+: what answers there speaks no TLS, .*\n$/,
    },
  ])('$what', async ({ environment, says }) => {
    const worker = spawnWorker(environment);
    expect(await worker.exited).toBe(1);
    expect(worker.stderr()).toMatch(says);
    expect(worker.stderr()).not.toContain(enough.ALGOLIA_API_KEY);
  });
});

describe.concurrent('on SIGTERM', () => {
  test('a worker finishes what it has begun, then leaves with 0', async () => {
    const taskQueue = `drain-${randomUUID()}`;
    const { id } = await simulator.control<{ id: number }>('POST /faults', {
      operation: 'createDestination',
      kind: 'slow',
      ms: 1_500,
    });
    const worker = spawnWorker({ ...workerEnvironment(simulator, taskQueue), SHUTDOWN_GRACE: '20s' });
    const handle = await client.workflow.start(callOperation, {
      taskQueue,
      workflowId: randomUUID(),
      args: [
        {
          operation: 'createDestination',
          params: { type: 'search', name: 'drained', input: { indexName: 'drained' } },
          confirm: 'createDestination',
        },
      ],
    });
    await vi.waitFor(() => expect(simulator.world.faults.list().find((fault) => fault.id === id)?.hits).toBe(1), {
      timeout: 150_000,
      interval: 20,
    });
    expect(await worker.end('SIGTERM')).toBe(0);
    expect(worker.stderr()).toBe('');
    // The activity's answer was kept, so another worker only has to hand it on.
    const next = spawnWorker(workerEnvironment(simulator, taskQueue));
    try {
      expect(await handle.result()).toMatchObject({ name: 'drained' });
      expect(simulator.world.requests.counts.createDestination).toBe(1);
    } finally {
      await next.end('SIGKILL');
    }
  });

  test('npm start passes the signal on', async () => {
    const environment = { ...workerEnvironment(simulator, `start-${randomUUID()}`), LOG_LEVEL: 'info' };
    const { PATH = '', HOME = '' } = process.env;
    const tsx = spawn('node_modules/.bin/tsx', ['src/worker.ts'], {
      env: { PATH, HOME, ...environment },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let stderr = '';
    tsx.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    await vi.waitFor(() => expect(stderr).toContain('RUNNING'), { timeout: 150_000 });
    tsx.kill('SIGTERM');
    expect((await once(tsx, 'exit'))[0]).toBe(0);
    expect(stderr).not.toContain(simulator.apiKey);
    for (const line of stderr.trim().split('\n')) expect(JSON.parse(line)).toHaveProperty('level');
  });
});

test('a namespace that has never seen one is made ready by the first', { timeout: 120_000 }, async () => {
  const namespace = `fresh-${randomUUID()}`;
  await connection.workflowService.registerNamespace({ namespace, workflowExecutionRetentionPeriod: msToTs('1d') });
  const known = () => connection.operatorService.listSearchAttributes({ namespace }).catch(() => undefined);
  await expect.poll(known, { timeout: 150_000 }).toBeTruthy();
  const taskQueue = `fresh-${randomUUID()}`;
  const worker = spawnWorker({
    ...workerEnvironment(simulator, taskQueue),
    TEMPORAL_NAMESPACE: namespace,
    LOG_LEVEL: 'info',
  });
  try {
    const { workflow } = new Client({ connection, namespace });
    const args: Parameters<typeof callOperation> = [{ operation: 'listSources', params: {} }];
    const handle = await workflow.start(callOperation, { taskQueue, workflowId: randomUUID(), args });
    expect(await handle.result()).toHaveProperty('sources');
    const { typedSearchAttributes } = await handle.describe();
    expect(typedSearchAttributes.getAll().map(({ key }) => key.name)).toContain('AlgoliaAppId');
    expect(worker.stderr()).toContain(`namespace ${namespace}: registered the search attributes AlgoliaAppId, `);
    const next = spawnWorker({ ...workerEnvironment(simulator, taskQueue), TEMPORAL_NAMESPACE: namespace });
    expect(await worker.end('SIGTERM')).toBe(0);
    const again = await workflow.start(callOperation, { taskQueue, workflowId: randomUUID(), args });
    expect(await again.result()).toHaveProperty('sources');
    expect(next.stderr()).toBe('');
    await next.end('SIGKILL');
  } finally {
    await worker.end('SIGKILL');
  }
});
