import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { startSimulator, type Simulator, type SimulatorOptions } from '../../simulator/index.ts';
import { keyRingId, type KeyRingState } from '../../src/secrets/key-ring-state.ts';
import { backfill, backfillStatus } from '../../src/workflows/backfill.ts';
import { callOperation } from '../../src/workflows/call-operation.ts';
import { rotateApiKey, rotateApiKeyId } from '../../src/workflows/rotate-api-key.ts';
import { callAlgolia, makeConnector } from '../setup/connector.ts';
import { answer } from '../setup/decide.ts';
import { startTestWorker, type TestWorker } from '../setup/start-worker.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

async function open(environment: Record<string, string>, options: SimulatorOptions = {}) {
  const simulator = await startSimulator({
    quotas: false,
    applicationId: `APP${randomUUID().slice(0, 8)}`,
    ...options,
  });
  ends.push(() => simulator.stop());
  const worker = await startTestWorker({ simulator, environment });
  ends.push(() => worker.stop());
  return { simulator, worker };
}

/** Tasks of a source of their own; returns its id. */
async function makeTasks(simulator: Simulator, count: number): Promise<string> {
  const { sourceID, destinationID } = await makeConnector(simulator);
  for (let made = 1; made < count; made += 1)
    await callAlgolia(simulator, 'POST /2/tasks', { sourceID, destinationID, action: 'replace' });
  return sourceID;
}

const listRuns = ({ client, taskQueue }: TestWorker) =>
  client.workflow.start(callOperation, {
    taskQueue,
    workflowId: `call-${randomUUID()}`,
    args: [{ operation: 'listRuns' }],
  });
const within = { timeout: 150_000, interval: 100 };

test('while a backfill takes every place of a worker with runs that never end, a call is made and a key rotated', async () => {
  const secretsDir = mkdtempSync(join(tmpdir(), 'crowded-'));
  ends.push(() => rmSync(secretsDir, { recursive: true }));
  writeFileSync(join(secretsDir, 'v8'), 'new-key\n');
  const tasks = 100;
  const places = 4;
  const { simulator, worker } = await open({ MAX_CONCURRENT_ACTIVITIES: String(places), SECRETS_DIR: secretsDir });
  await simulator.control('POST /keys', { key: 'new-key' });
  await makeTasks(simulator, tasks);
  await simulator.control('POST /runs/script', { taskID: '*', times: -1, neverFinish: true });
  const filling = await worker.client.workflow.start(backfill, {
    taskQueue: worker.taskQueue,
    workflowId: `backfill-${randomUUID()}`,
    args: [{ taskFilter: {}, maxParallel: tasks }],
  });
  ends.push(() => filling.terminate());
  await vi.waitFor(async () => expect((await filling.query(backfillStatus)).running).toHaveLength(tasks), within);
  // Four runs have begun and four activities wait for them; the others wait for a place.
  await vi.waitFor(() => {
    expect(simulator.world.runs.size).toBeGreaterThanOrEqual(places);
    expect(worker.worker.getStatus().numInFlightActivities).toBe(places);
  }, within);

  await (await listRuns(worker)).result();

  const rotation = await worker.client.workflow.start(rotateApiKey, {
    taskQueue: worker.taskQueue,
    workflowId: rotateApiKeyId(simulator.applicationId),
    args: [{ toSecret: 'file:v8', emergency: true, overlap: '0s', soak: '1s' }],
  });
  ends.push(() => rotation.terminate());
  await answer(rotation, 'approve');
  const ring = worker.client.workflow.getHandle(keyRingId(simulator.applicationId));
  ends.push(() => ring.terminate());
  await vi.waitFor(async () => {
    const { memo } = await ring.describe();
    expect(memo?.keyRing as KeyRingState).toMatchObject({ epoch: 1, current: { reference: 'file:v8' } });
  }, within);
  expect(await filling.query(backfillStatus)).toMatchObject({ done: 0, counts: {} });
  expect(simulator.world.runs.size).toBeLessThan(tasks);
}, 240_000);

test('a small backfill does not wait for a big one', async () => {
  const { simulator, worker } = await open({ MAX_CONCURRENT_ACTIVITIES: '2' });
  const start = (sourceID: string, maxParallel: number) =>
    worker.client.workflow.start(backfill, {
      taskQueue: worker.taskQueue,
      workflowId: `backfill-${randomUUID()}`,
      args: [{ taskFilter: { sourceID: [sourceID] }, maxParallel }],
    });
  const [many, few] = [await makeTasks(simulator, 80), await makeTasks(simulator, 2)];
  await simulator.control('POST /runs/script', { taskID: '*', times: -1, durationMs: 0, events: [{}] });
  // So that places are what is short, however busy the machine is.
  await simulator.control('POST /faults', { operation: '*', kind: 'slow', ms: 50, times: -1 });
  const big = await start(many, 80);
  const before = await vi.waitFor(async () => {
    const { running, done } = await big.query(backfillStatus);
    expect(running.length + done).toBe(80);
    return done;
  }, within);
  const small = await start(few, 2);
  await expect(small.result()).resolves.toMatchObject({ counts: { success: 2 } });
  expect((await big.query(backfillStatus)).done - before).toBeLessThan(40);
  await expect(big.result()).resolves.toMatchObject({ counts: { success: 80 } });
}, 240_000);

test('a 429 keeps no place: with only one, other calls are made while Algolia asks to wait', async () => {
  const { simulator, worker } = await open({ MAX_CONCURRENT_ACTIVITIES: '1' });
  await simulator.control('POST /faults', {
    operation: 'listSources',
    kind: 'status',
    status: 429,
    headers: { 'retry-after': '300' },
    times: -1,
  });
  const refused = await worker.client.workflow.start(callOperation, {
    taskQueue: worker.taskQueue,
    workflowId: `call-${randomUUID()}`,
    args: [{ operation: 'listSources' }],
  });
  ends.push(() => refused.terminate());
  await vi.waitFor(() => expect(simulator.world.requests.counts.listSources).toBe(1), within);
  await (await listRuns(worker)).result();
  const { raw } = await refused.describe();
  expect(raw.pendingActivities).toMatchObject([
    { attempt: 2, lastFailure: { message: expect.stringContaining('429') } },
  ]);
  expect(simulator.world.requests.counts.listSources).toBe(1);
});

test('an application that answers everything with 429 keeps nothing from another', async () => {
  const [limited, other] = [await open({}, { rateLimit: 1 }), await open({})];
  await callAlgolia(limited.simulator, 'GET /1/runs').catch(() => undefined);
  await limited.simulator.control('POST /faults', { operation: '*', kind: 'status', status: 429, times: -1 });
  const refused = await Promise.all(Array.from({ length: 20 }, () => listRuns(limited.worker)));
  ends.push(() => Promise.all(refused.map((handle) => handle.terminate())));
  await vi.waitFor(() => expect(limited.simulator.world.requests.counts.listRuns).toBeGreaterThan(20), within);
  const calls = await Promise.all(Array.from({ length: 20 }, () => listRuns(other.worker)));
  await Promise.all(calls.map((handle) => handle.result()));
  expect(other.simulator.world.requests.counts).toEqual({ listRuns: 20 });
});

test('with a limit of its own a worker exceeds none of Algolia, and everything is done in the end', async () => {
  const { simulator, worker } = await open({ ALGOLIA_REQUESTS_PER_SECOND: '20' }, { rateLimit: 50 });
  const calls = await Promise.all(Array.from({ length: 60 }, () => listRuns(worker)));
  await Promise.all(calls.map((handle) => handle.result()));
  const answers = simulator.world.requests.list({ operation: 'listRuns' }).map(({ status }) => status);
  expect(answers).toEqual(Array.from({ length: 60 }, () => 200));
});
