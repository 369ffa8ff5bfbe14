import { WithStartWorkflowOperation, type Client } from '@temporalio/client';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startSimulator, type Simulator } from '../../simulator/index.ts';
import type { TurnedKeyRing } from '../../src/activities/key-ring-turns.ts';
import { keyRingId, type KeyRingState } from '../../src/secrets/key-ring-state.ts';
import { claim, confirmEpoch, keyRing, keyRingStatus, promote, reportRefused } from '../../src/workflows/key-ring.ts';
import { startTestWorker, type TestWorker } from '../setup/start-worker.ts';

const APP = `RING${randomUUID().slice(0, 8)}`;
const KEYS = { v8: 'the-eighth-key-of-all', v9: 'the-ninth-key-of-all' };

let simulator: Simulator;
let workers: TestWorker[];
let client: Client;
let secretsDir: string;

beforeAll(async () => {
  secretsDir = mkdtempSync(join(tmpdir(), 'ring-secrets-'));
  simulator = await startSimulator({ applicationId: APP, apiKey: 'the-key-of-the-configuration' });
  for (const [name, key] of Object.entries(KEYS)) {
    writeFileSync(join(secretsDir, name), key);
    await simulator.control('POST /keys', { key });
  }
  const environment = { SECRETS_DIR: secretsDir, SECRET_V9: KEYS.v9 };
  const first = await startTestWorker({ simulator, environment });
  workers = [first, await startTestWorker({ simulator, environment })];
  client = first.client;
});
afterAll(async () => {
  await Promise.all(workers.map((worker) => worker.stop()));
  await simulator.stop();
  rmSync(secretsDir, { recursive: true });
});

/** A ring of its own for a test, of an application that no worker serves. */
function newRing() {
  const workflowId = keyRingId(`APP${randomUUID().slice(0, 8)}`);
  const { taskQueue } = workers[0] as TestWorker;
  const turn = (input: object): Promise<TurnedKeyRing> =>
    client.workflow.executeUpdateWithStart(promote, {
      args: [input],
      startWorkflowOperation: new WithStartWorkflowOperation(keyRing, {
        workflowId,
        taskQueue,
        args: [],
        workflowIdConflictPolicy: 'USE_EXISTING',
      }),
    });
  return { workflowId, turn, handle: client.workflow.getHandle<typeof keyRing>(workflowId) };
}
const to = (reference: string, expectEpoch: number, by: string) => ({
  toReference: reference,
  fingerprint: '1a2b3c4d',
  expectEpoch,
  by,
});
const memoOf = async (workflowId: string) =>
  (await client.workflow.getHandle(workflowId).describe()).memo?.keyRing as KeyRingState;

test('of several who promote at the same time exactly one succeeds, and the others hear who', async () => {
  const { turn, workflowId } = newRing();
  const turned = await Promise.all(['a', 'b', 'c'].map((by) => turn(to(`file:${by}`, 0, by))));
  const [winner, ...others] = turned.toSorted((a, b) => (a.refused ?? '').localeCompare(b.refused ?? ''));
  expect(winner?.refused).toBeUndefined();
  expect(others.map(({ refused }) => refused)).toEqual(
    Array.from({ length: 2 }, () => `the key ring is at epoch 1 and not 0: changed by ${winner?.ring.changes[0]?.by}`),
  );
  expect(await memoOf(workflowId)).toMatchObject({ epoch: 1, current: winner?.ring.current });
});

test('a promotion whose answer was lost is the same promotion when it is asked for again', async () => {
  const { turn } = newRing();
  const first = await turn(to('file:v8', 0, 'rotation-1'));
  expect(await turn(to('file:v8', 0, 'rotation-1'))).toEqual(first);
  expect(first.ring.epoch).toBe(1);
});

test('it continues as new with all it knows, and its memo never goes missing', async () => {
  const { turn, handle, workflowId } = newRing();
  await turn({ ...to('file:v8', 0, 'rotation-1'), overlap: true });
  const { runId } = await handle.describe();
  const notices = Array.from({ length: 400 }, (_, place) => ({ workerId: `w${place % 7}`, epoch: 1 }));
  await Promise.all(notices.map((notice) => handle.signal(confirmEpoch, notice)));
  await handle.signal(reportRefused, { workerId: 'w3', epoch: 1 });
  await vi.waitFor(async () => expect((await handle.describe()).runId).not.toBe(runId), { timeout: 150_000 });
  const state = await vi.waitFor(
    async () => {
      const known = await handle.query(keyRingStatus);
      expect(known.refusedTo).toEqual(['w3']);
      return known;
    },
    { timeout: 150_000 },
  );
  expect(state).toMatchObject({ epoch: 1, current: { reference: 'file:v8' }, overlap: true });
  expect(state.confirmed.toSorted()).toEqual(['w0', 'w1', 'w2', 'w3', 'w4', 'w5', 'w6']);
  expect(await memoOf(workflowId)).toEqual(state);
});

test('what workers say of another epoch, or outside of an overlap, does not count', async () => {
  const { turn, handle } = newRing();
  await turn({ ...to('file:v8', 0, 'rotation-1'), overlap: true });
  await handle.signal(confirmEpoch, { workerId: 'w1', epoch: 0 });
  await handle.signal(confirmEpoch, undefined as never);
  await turn(to('file:v9', 1, 'rotation-2'));
  await handle.signal(confirmEpoch, { workerId: 'w1', epoch: 2 });
  expect(await handle.query(keyRingStatus)).toMatchObject({ epoch: 2, confirmed: [], overlap: false });
});

test.for([
  [{ toReference: 'a-literal-key', fingerprint: '1a2b3c4d', expectEpoch: 0, by: 'x' }, 'revoke it'],
  [{ toReference: 'file:v8', fingerprint: 'the-key-itself', expectEpoch: 0, by: 'x' }, 'eight hex digits'],
  [{ toReference: 'file:v8', fingerprint: '1a2b3c4d', by: 'x' }, '"expectEpoch" must be'],
  [{ toReference: 'file:v8', fingerprint: '1a2b3c4d', expectEpoch: 0 }, '"by" must say'],
] as const)('a promotion that is not understood is refused: %o', async ([input, why]) => {
  const { turn } = newRing();
  await expect(turn(input)).rejects.toMatchObject({ cause: { message: expect.stringContaining(why) } });
});

test('somebody who starts a ring by hand is told what to do instead', async () => {
  const { taskQueue } = workers[0] as TestWorker;
  const handle = await client.workflow.start(keyRing, { workflowId: randomUUID(), taskQueue, args: [] });
  await expect(handle.result()).rejects.toMatchObject({
    cause: { type: 'InvalidInput', message: expect.stringContaining('start rotateApiKey instead') },
  });
});

test.for([
  {},
  { rotation: null, key: null },
  { rotation: { rotationId: 'x' }, key: { reference: 'file:v8' } },
  { rotation: { rotationId: 'x', workflowId: 'y' } },
])('a claim that is none of rotateApiKey is refused, and the ring goes on: %j', async (input) => {
  const { turn, handle } = newRing();
  await turn(to('file:v8', 0, 'ana'));
  await expect(handle.executeUpdate(claim, { args: [input] })).rejects.toMatchObject({
    cause: { type: 'InvalidInput', message: expect.stringContaining('only rotateApiKey claims') },
  });
  expect((await turn(to('file:v9', 1, 'bob'))).ring).toMatchObject({ epoch: 2 });
  expect((await handle.query(keyRingStatus)).rotation).toBeUndefined();
});

const setClientApiKey = (reference: string) =>
  client.activity.execute('setClientApiKey', {
    id: randomUUID(),
    taskQueue: (workers[0] as TestWorker).taskQueue,
    args: [{ apiKey: { $secret: reference } }],
    startToCloseTimeout: '30s',
    retry: { maximumAttempts: 3 },
  });
/** The fingerprints, as the simulator takes them, of the keys that a worker's next request is sent with. */
const keyUsedBy = async ({ taskQueue }: TestWorker) => {
  await client.activity.execute('listTasks', {
    id: randomUUID(),
    taskQueue,
    args: [{}],
    startToCloseTimeout: '30s',
  });
  return simulator.world.requests.list({ operation: 'listTasks', limit: 1 })[0]?.keyFingerprint;
};

test('setClientApiKey switches the key of every worker, again after the ring was terminated', async () => {
  const [first, second] = workers as [TestWorker, TestWorker];
  const before = await keyUsedBy(second);
  expect(await setClientApiKey('file:v8')).toMatchObject({ reference: 'file:v8', epoch: 1 });
  const v8 = await keyUsedBy(first);
  expect(v8).not.toBe(before);
  await vi.waitFor(async () => expect(await keyUsedBy(second)).toBe(v8), { timeout: 150_000, interval: 250 });
  expect(await setClientApiKey('file:v8')).toMatchObject({ epoch: 1 });

  await client.workflow.getHandle(keyRingId(APP)).terminate('to see what becomes of it');
  expect(await keyUsedBy(second)).toBe(v8);
  expect(await setClientApiKey('env:SECRET_V9')).toMatchObject({ reference: 'env:SECRET_V9', epoch: 2 });
  await vi.waitFor(async () => expect(await keyUsedBy(second)).not.toBe(v8), { timeout: 150_000, interval: 250 });
  expect((await memoOf(keyRingId(APP))).changes).toHaveLength(2);
});

test.for([
  [{ apiKey: 'a-literal-key' }, 'input.apiKey: a credential may not stand here in the clear'],
  [{ apiKey: { $secret: 'file:nowhere' } }, 'secret file:nowhere: there is no such file'],
  [{}, 'input.apiKey'],
] as const)('setClientApiKey refuses %o and changes nothing', async ([input, why]) => {
  const before = await memoOf(keyRingId(APP));
  const refused = client.activity.execute('setClientApiKey', {
    id: randomUUID(),
    taskQueue: (workers[0] as TestWorker).taskQueue,
    args: [input],
    startToCloseTimeout: '30s',
  });
  await expect(refused).rejects.toMatchObject({
    cause: { type: 'AlgoliaInvalid', message: expect.stringContaining(why) },
  });
  expect(await memoOf(keyRingId(APP))).toEqual(before);
});
