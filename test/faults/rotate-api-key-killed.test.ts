import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest';
import type { FaultSubject } from '../../simulator/faults/fault.ts';
import { keyRingId } from '../../src/secrets/key-ring-state.ts';
import { keyRing } from '../../src/workflows/key-ring.ts';
import { forceConverge, rotateApiKeyStatus } from '../../src/workflows/rotate-api-key.ts';
import { ROTATION_STEPS, type RotationStep } from '../../src/workflows/steps/rotate-state.ts';
import { callAlgolia, makeConnector } from '../setup/connector.ts';
import { asked } from '../setup/decide.ts';
import { hold, type Hold } from '../setup/hold.ts';
import { PATIENCE, QUICKLY_MINTED, RotationStage } from '../setup/rotation-stage.ts';
import type { SpawnedWorker } from '../setup/spawn-worker.ts';

/** How the rotation is held in one of its steps. */
interface HeldStep {
  /** What is done before a worker gets there: none runs. */
  readonly arrange?: () => unknown;
  readonly isHeld: () => boolean | Promise<boolean>;
  /** What happens when the worker has been killed: none runs. */
  readonly meanwhile?: () => unknown;
}

let connection: Connection;
let client: Client;
let stage: RotationStage;
beforeAll(async () => {
  const { address, namespace } = inject('temporal');
  connection = await Connection.connect({ address });
  client = new Client({ connection, namespace });
  stage = await RotationStage.set(client);
});
afterAll(async () => {
  await stage.strike();
  await connection.close();
});

test('a rotation whose worker is killed in every step comes to the same: one new key, one revocation', async () => {
  const { simulator, taskQueue } = stage;
  const { requests, keys } = simulator.world;
  const { taskID } = await makeConnector(simulator);
  await simulator.control('POST /runs/script', { taskID, neverFinish: true });
  const { runID } = await callAlgolia(simulator, `POST /2/tasks/${taskID}/run`);
  // The ring has a worker of its own, so that the promotion can be held up.
  const spawnForRing = () => stage.spawn({ TASK_QUEUE: `${taskQueue}-ring` });
  let forRing = spawnForRing();
  const ring = await client.workflow.start(keyRing, {
    workflowId: keyRingId(simulator.applicationId),
    taskQueue: `${taskQueue}-ring`,
    args: [],
  });
  const handle = await stage.rotate(QUICKLY_MINTED);
  const status = () => handle.query(rotateApiKeyStatus);

  const dead: SpawnedWorker[] = [];
  /** The server lists a killed worker for five minutes more. */
  const isForTheDeadOnly = async () => {
    const { waitingFor = [] } = await status();
    const isDead = (identity: string) => dead.some(({ process }) => identity.startsWith(`${process.pid}@`));
    return waitingFor.length > 0 && waitingFor.every(isDead);
  };
  const hasConverged = () => requests.counts.listRuns !== undefined;
  const byRequest = (operation: string, applies = (_: FaultSubject) => true) => {
    let held: Hold;
    return {
      arrange() {
        held = hold(simulator, operation, { applies });
      },
      isHeld: () => held.isMet(),
      release: () => held.release(),
    };
  };
  /** It takes effect when nobody waits for the answer any more. */
  const byLateRequest = (operation: string): HeldStep => {
    const { release, ...step } = byRequest(operation);
    return { ...step, meanwhile: release };
  };
  const firstLookOfOverlap = byRequest('listTasks', hasConverged);
  let planHash: string | undefined;
  const holds: Record<RotationStep, HeldStep> = {
    prepare: byLateRequest('addApiKey'),
    probe: byRequest('listTasks'),
    approve: {
      async isHeld() {
        ({ planHash } = await asked(handle));
        return true;
      },
      meanwhile: () => handle.signal('approve', { approver: 'bob', planHash }),
    },
    promote: {
      arrange: () => forRing.end('SIGKILL'),
      isHeld: async () => Boolean((await ring.describe()).raw.pendingWorkflowTask),
      async meanwhile() {
        forRing = spawnForRing();
        await vi.waitFor(async () => expect((await stage.ring())?.epoch).toBe(1), PATIENCE);
      },
    },
    soak: byRequest('listTasks'),
    converge: { isHeld: isForTheDeadOnly },
    overlap: {
      ...firstLookOfOverlap,
      async isHeld() {
        if (!hasConverged() && (await isForTheDeadOnly()))
          await handle.signal(forceConverge, { by: 'the operator', reason: 'those processes were killed' });
        return firstLookOfOverlap.isHeld();
      },
    },
    drain: {
      isHeld: async () => (await status()).runsLeft === 1,
      meanwhile: () => simulator.control(`POST /runs/${runID}/finish`, { outcome: 'success' }),
    },
    revoke: byLateRequest('deleteApiKey'),
    // To revoke the old key once more, the new one is tried again: that is not what proves it.
    prove: byRequest('listTasks', ({ apiKey }) => apiKey === simulator.apiKey),
  };
  const endedEarly = handle.result().then(() => expect.unreachable('the rotation was not held'));
  for (const step of ROTATION_STEPS) {
    const { arrange, isHeld, meanwhile } = holds[step];
    await arrange?.();
    const worker = stage.spawn();
    const held = vi.waitFor(async () => {
      expect((await isHeld()) && (await status()).steps.find(({ state }) => state === 'going on')?.step).toBe(step);
    }, PATIENCE);
    await Promise.race([held, endedEarly]);
    await worker.end('SIGKILL');
    dead.push(worker);
    await meanwhile?.();
  }
  stage.spawn();

  expect(await handle.result()).toMatchObject({
    outcome: 'revoked',
    epoch: 1,
    approval: { decision: 'approved', by: [{ actor: 'bob' }] },
    runsDrained: 1,
    oldKey: 'refused',
  });
  expect((await status()).steps.map(({ state }) => state)).toEqual(ROTATION_STEPS.map(() => 'done'));
  expect(requests.counts).toMatchObject({ addApiKey: 1, deleteApiKey: 1 });
  const inForce = stage.secret('algolia/v8');
  expect(keys.values().map(({ value }) => value)).toEqual([simulator.adminKey, inForce]);
  expect(await stage.ring()).toMatchObject({
    epoch: 1,
    current: { reference: QUICKLY_MINTED.toSecret },
    overlap: false,
  });
  expect(await stage.ring()).not.toHaveProperty('rotation');
  const listTasks = (apiKey: string) => callAlgolia({ ...simulator, apiKey }, 'GET /2/tasks');
  await expect(listTasks(simulator.apiKey)).rejects.toThrow('403');
  await expect(listTasks(inForce)).resolves.toHaveProperty('tasks');
}, 600_000);
