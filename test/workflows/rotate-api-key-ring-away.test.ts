import type { WorkflowHandle } from '@temporalio/client';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { startSimulator } from '../../simulator/index.ts';
import { firstRing, keyRingId } from '../../src/secrets/key-ring-state.ts';
import { keyRing, keyRingStatus, promote } from '../../src/workflows/key-ring.ts';
import {
  rotateApiKey,
  rotateApiKeyId,
  rotateApiKeyStatus,
  type RotateApiKeyInput,
} from '../../src/workflows/rotate-api-key.ts';
import { callAlgolia, makeConnector } from '../setup/connector.ts';
import { answer, asked, failureOf } from '../setup/decide.ts';
import { QUICKLY_MINTED } from '../setup/rotation-stage.ts';
import { startTestWorker } from '../setup/start-worker.ts';
import { fastForward } from '../setup/time-skipping.ts';

const PATIENCE = { timeout: 150_000, interval: 50 };

const strikes: (() => Promise<void>)[] = [];
afterAll(() => Promise.all(strikes.map((strike) => strike())));

/** An application whose key ring has a worker of its own: while that is away, what is asked of the ring is kept, in its order. */
async function setStage() {
  const id = randomUUID().slice(0, 8);
  const secretsDir = mkdtempSync(join(tmpdir(), 'ring-away-secrets-'));
  const simulator = await startSimulator({
    applicationId: `AWAY${id}`,
    apiKey: `old-key-${id}`,
    adminKey: `admin-key-${id}`,
  });
  const environment = { SECRETS_DIR: secretsDir, SECRET_ALGOLIA_ADMIN_KEY: simulator.adminKey };
  const worker = await startTestWorker({ simulator, environment });
  const { client, taskQueue } = worker;
  const ringQueue = `${taskQueue}-ring`;
  const workflowId = keyRingId(simulator.applicationId);
  const ring = await client.workflow.start(keyRing, { workflowId, taskQueue: ringQueue, args: [] });
  const startOfRing = () => startTestWorker({ simulator, environment: { ...environment, TASK_QUEUE: ringQueue } });
  let ofRing = await startOfRing();
  await ring.query(keyRingStatus);
  strikes.push(async () => {
    await Promise.all([worker.stop(), ofRing.stop()]);
    await simulator.stop();
    rmSync(secretsDir, { recursive: true });
  });
  const isAskedOfRing = () =>
    vi.waitFor(async () => expect((await ring.describe()).raw.pendingWorkflowTask).toBeTruthy(), PATIENCE);
  return {
    simulator,
    client,
    ring,
    isAskedOfRing,
    /** Both workers have said that they use the new key: nobody tells the ring any more. */
    isConfirmed: () =>
      vi.waitFor(async () => expect((await ring.query(keyRingStatus)).confirmed).toHaveLength(2), PATIENCE),
    file: join(secretsDir, 'algolia/v8'),
    rotate: (input: RotateApiKeyInput = QUICKLY_MINTED) =>
      client.workflow.start(rotateApiKey, {
        workflowId: rotateApiKeyId(simulator.applicationId),
        taskQueue,
        args: [input],
      }),
    ringGoes: () => ofRing.stop(),
    ringComes: async () => {
      ofRing = await startOfRing();
    },
    /** An operator's switch, of which the ring has yet to hear. */
    overtake: async (expectEpoch: number) => {
      const key = { toReference: 'env:SECRET_OF_THE_OPERATOR', fingerprint: '0123abcd' };
      const switched = ring.executeUpdate(promote, { args: [{ ...key, expectEpoch, by: 'ana' }] });
      await isAskedOfRing();
      return { switched };
    },
  };
}
type Rotation = WorkflowHandle<typeof rotateApiKey>;
const reached = (handle: Rotation, wanted: string) =>
  vi.waitFor(async () => {
    const { steps } = await handle.query(rotateApiKeyStatus);
    expect(steps.find(({ step }) => step === wanted)?.state).toBe('going on');
  }, PATIENCE);
/** It knows, and is on its way back. */
const cancelled = (handle: Rotation) =>
  vi.waitFor(async () => expect((await handle.query(rotateApiKeyStatus)).reason).toBe('cancelled'), PATIENCE);

describe.concurrent('while the key ring is away', () => {
  test('a rotation that is cancelled before its claim is answered gives the ring back', async () => {
    const { ring, rotate, isAskedOfRing, ringComes, ringGoes, simulator } = await setStage();
    await ringGoes();
    const handle = await rotate();
    await isAskedOfRing();
    await handle.cancel();
    await cancelled(handle);
    await ringComes();
    await expect(handle.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
    expect((await handle.describe()).memo).toMatchObject({ outcome: 'abandoned', reason: 'cancelled' });
    const { events } = await ring.fetchHistory();
    const taken = events?.flatMap((event) => event.workflowExecutionUpdateAcceptedEventAttributes ?? []);
    expect(taken?.map(({ acceptedRequest }) => acceptedRequest?.input?.name)).toEqual(['claim', 'release']);
    expect(await ring.query(keyRingStatus)).toEqual(firstRing);
    expect(simulator.world.requests.counts.addApiKey).toBeUndefined();
  });

  test('a promotion that is overtaken switches nothing, and the new key is deleted again', async () => {
    const { ring, rotate, overtake, ringComes, ringGoes, simulator, file } = await setStage();
    const handle = await rotate();
    await asked(handle);
    await ringGoes();
    const { switched } = await overtake(0);
    await answer(handle, 'approve');
    await reached(handle, 'promote');
    const minted = readFileSync(file, 'utf8');
    await ringComes();
    await switched;
    expect(await failureOf(handle)).toMatchObject({
      type: 'RotationOvertaken',
      message: 'the key ring is at epoch 1 and not 0: changed by ana (nothing was switched)',
      details: [{ outcome: 'abandoned' }],
    });
    expect(simulator.world.keys.get(minted)).toBeUndefined();
    expect(existsSync(file)).toBe(false);
    expect(await ring.query(keyRingStatus)).not.toHaveProperty('rotation');
  });

  test('a rotation that is overtaken before it can revoke leaves both keys, and names the one that it created', async () => {
    const { rotate, overtake, isConfirmed, ringComes, ringGoes, simulator, file } = await setStage();
    const { taskID } = await makeConnector(simulator);
    await simulator.control('POST /runs/script', { taskID, neverFinish: true });
    const { runID } = await callAlgolia(simulator, `POST /2/tasks/${taskID}/run`);
    const handle = await rotate();
    await answer(handle, 'approve');
    await reached(handle, 'drain');
    await isConfirmed();
    await ringGoes();
    const { switched } = await overtake(1);
    await simulator.control(`POST /runs/${runID}/finish`, { outcome: 'success' });
    await reached(handle, 'revoke');
    await ringComes();
    await switched;
    const { fingerprints } = await handle.query(rotateApiKeyStatus);
    const leftBehind = { reference: QUICKLY_MINTED.toSecret, fingerprint: fingerprints?.to };
    expect(await failureOf(handle)).toMatchObject({
      type: 'RotationOvertaken',
      message: expect.stringContaining(`the new key, file:algolia/v8 (${leftBehind.fingerprint}), stays: delete it`),
      details: [{ outcome: 'incomplete', leftBehind }],
    });
    expect(simulator.world.keys.get(readFileSync(file, 'utf8'))).toBeDefined();
    expect(simulator.world.requests.counts.deleteApiKey).toBeUndefined();
  });

  test('a rotation that is cancelled when it has been overtaken rolls nothing back, and deletes the key that it created', async () => {
    const { client, ring, rotate, overtake, isConfirmed, ringComes, ringGoes, simulator, file } = await setStage();
    const handle = await rotate({ ...QUICKLY_MINTED, soak: '1h' });
    await answer(handle, 'approve');
    await reached(handle, 'soak');
    await isConfirmed();
    const minted = readFileSync(file, 'utf8');
    await ringGoes();
    const { switched } = await overtake(1);
    await handle.cancel();
    await cancelled(handle);
    await ringComes();
    await switched;
    await fastForward(client, handle.workflowId, '1m');
    await expect(handle.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
    expect((await handle.describe()).memo).toMatchObject({
      outcome: 'incomplete',
      reason: 'cancelled; and there was nothing to roll back: the key ring is at epoch 2 and not 1: changed by ana',
    });
    expect(await ring.query(keyRingStatus)).toMatchObject({ current: { reference: 'env:SECRET_OF_THE_OPERATOR' } });
    expect(simulator.world.keys.get(minted)).toBeUndefined();
    expect(existsSync(file)).toBe(false);
  });
});
