import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startTemporalServer } from '../scripts/temporal-server.ts';
import { startSimulator, type Simulator } from '../simulator/index.ts';
import { firstRing, keyRingId, type KeyRingState } from '../src/secrets/key-ring-state.ts';
import { makeConnector, serveRecords } from './setup/connector.ts';
import { freeAddress } from './setup/free-address.ts';
import { hold } from './setup/hold.ts';
import { spawnWorker } from './setup/spawn-worker.ts';
import { startTestWorker, workerEnvironment } from './setup/start-worker.ts';

let simulator: Simulator;
beforeAll(async () => {
  simulator = await startSimulator({ applicationId: `HEALTH${randomUUID().slice(0, 8)}` });
});
afterAll(() => simulator.stop());

interface Health {
  readonly code: number;
  readonly status: string;
  readonly checks?: Readonly<Record<string, string>>;
}

async function ask(address: string, path: string): Promise<Health> {
  const response = await fetch(`http://${address}${path}`);
  return { code: response.status, ...((await response.json()) as Omit<Health, 'code'>) };
}

const soon = { timeout: 150_000, interval: 100 };
const becomes = (address: string, health: object) =>
  vi.waitFor(async () => expect(await ask(address, '/readyz')).toMatchObject(health), soon);

test('a worker is ready while it polls, and alive until it has left', async () => {
  const address = await freeAddress();
  const request = hold(simulator, 'listTasks');
  const worker = await startTestWorker({ simulator, environment: { HEALTH_ADDRESS: address, SHUTDOWN_GRACE: '20s' } });
  await becomes(address, { code: 200, status: 'ready', checks: { polling: 'ok', temporal: 'ok', apiKey: 'ok' } });
  expect((await fetch(`http://${address}/readyz`, { method: 'HEAD' })).status).toBe(200);
  expect((await ask(address, '/metrics')).code).toBe(404);

  await worker.client.activity.start('listTasks', {
    id: randomUUID(),
    taskQueue: worker.taskQueue,
    args: [{}],
    startToCloseTimeout: '20s',
  });
  await request.met();
  const stopped = worker.stop();
  expect(await ask(address, '/readyz')).toMatchObject({ code: 503, checks: { polling: 'the worker is draining' } });
  expect(await ask(address, '/livez')).toEqual({ code: 200, status: 'alive' });
  request.release();
  await stopped;
  await expect(ask(address, '/livez')).rejects.toThrow('fetch failed');
});

test('while Temporal is away a worker is not ready, and when it is back goes on where it was', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'outage-'));
  const options = { ui: false, dbFile: join(directory, 'temporal.sqlite') };
  const records = await serveRecords();
  let temporal = await startTemporalServer(options);
  const address = await freeAddress();
  const environment = { HEALTH_ADDRESS: address, TEMPORAL_ADDRESS: temporal.address };
  const worker = await startTestWorker({ simulator, environment });
  await becomes(address, { code: 200 });
  const { taskID } = await makeConnector(simulator, { url: records.url });
  await simulator.control('POST /clock', { speed: 0.25 });
  const { client, taskQueue } = worker;
  const sync = await client.workflow.start('syncTask', { workflowId: randomUUID(), taskQueue, args: [{ taskID }] });
  await vi.waitFor(() => expect(simulator.world.requests.counts.runTask).toBe(1), soon);

  await temporal.stop();
  await becomes(address, { code: 503, checks: { temporal: expect.not.stringMatching(/^ok$/) as string } });
  expect((await ask(address, '/livez')).code).toBe(200);

  temporal = await startTemporalServer({ ...options, port: Number(temporal.address.split(':')[1]) });
  await becomes(address, { code: 200 });
  expect(await sync.result()).toMatchObject({ verdict: 'success' });
  expect(simulator.world.requests.counts.runTask).toBe(1);
  await worker.stop();
  await Promise.all([temporal.stop(), records.stop()]);
  await rm(directory, { recursive: true });
});

test('an address in use stops the worker with one readable message', async () => {
  const address = await freeAddress();
  const first = await startTestWorker({ simulator, environment: { HEALTH_ADDRESS: address } });
  await becomes(address, { code: 200 });
  const second = spawnWorker({ ...workerEnvironment(simulator, randomUUID()), HEALTH_ADDRESS: address });
  expect(await second.exited).toBe(1);
  expect(second.stderr()).toBe(
    `HEALTH_ADDRESS: can't listen on ${address}: listen EADDRINUSE: address already in use ${address}\n`,
  );
  await first.stop();
});

test('a worker that cannot read the key that counts is not ready, and says which', async () => {
  const address = await freeAddress();
  const directory = await mkdtemp(join(tmpdir(), 'health-'));
  const environment = { HEALTH_ADDRESS: address, SECRETS_DIR: directory };
  const worker = await startTestWorker({ simulator, environment });
  await becomes(address, { code: 200 });
  const ring: KeyRingState = { ...firstRing, epoch: 1, current: { reference: 'file:algolia/v8', fingerprint: 'abc' } };
  const { client, taskQueue } = worker;
  const keyRing = await client.workflow.start('keyRing', {
    workflowId: keyRingId(simulator.applicationId),
    taskQueue,
    args: [ring],
  });
  await becomes(address, { code: 503, checks: { apiKey: expect.stringContaining('file:algolia/v8') as string } });
  await keyRing.terminate();
  await worker.stop();
  await rm(directory, { recursive: true });
});
