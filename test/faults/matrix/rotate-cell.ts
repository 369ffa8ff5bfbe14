import type { Client, WorkflowHandle } from '@temporalio/client';
import { expect, vi } from 'vitest';
import { keyRingId, type KeyRingState } from '../../../src/secrets/key-ring-state.ts';
import { rotateApiKey, rotateApiKeyId, rotateApiKeyStatus } from '../../../src/workflows/rotate-api-key.ts';
import { approval } from '../../../src/workflows/steps/approval.ts';
import { failureTypeOf } from '../../setup/decide.ts';
import { fastForward } from '../../setup/time-skipping.ts';
import type { Effect } from './endings.ts';
import type { Cell } from './run-cell.ts';
import type { Stage } from './stage.ts';

let keys = 0;
const PATIENCE = { timeout: 200_000, interval: 100 };

/** A rotation whose probe of the new key, whose creation of it, or whose deletion of the old one meets a fault. One at a time on a stage. */
export async function rotateCell({ simulator, client, taskQueue }: Stage, effect: Effect): Promise<Cell> {
  const { world, applicationId } = simulator;
  const operation = { read: 'listTasks', idempotent: 'deleteApiKey', once: 'addApiKey' }[effect];
  const toSecret = `file:key-${(keys += 1)}`;
  const before = world.keys.values().map(({ value }) => value);
  return {
    subject: { operation, names: () => true },
    // Each rotation probes again and again.
    ...(effect === 'read' ? { polls: true } : {}),
    async run() {
      const handle = await client.workflow.start(rotateApiKey, {
        taskQueue,
        workflowId: rotateApiKeyId(applicationId),
        args: [{ toSecret, mint: 'algolia', emergency: true, overlap: '0s', soak: '1s', revoke: 'delete' }],
      });
      // Whatever waits for a minute to see what a lost answer did, two for a key to be known, or five as Algolia asks.
      await hurry(client, handle);
      await approve(handle);
      if (effect === 'idempotent' && (await revokes(handle))) await hurry(client, handle);
      const came = await handle.result().then(
        ({ outcome, oldKey }) => `${outcome}, old key ${oldKey}`,
        async () => `fails: ${await failureTypeOf(handle)}`,
      );
      const { memo } = await client.workflow.getHandle(keyRingId(applicationId)).describe();
      const { current, rotation } = (memo?.keyRing ?? {}) as Partial<KeyRingState>;
      const after = world.keys.values().map(({ value }) => value);
      const made = after.filter((value) => !before.includes(value)).length;
      const gone = before.filter((value) => !after.includes(value)).length;
      const inForce = current?.reference === toSecret ? 'new' : 'old';
      return `${came}; ${inForce} key in force, ${made} made, ${gone} deleted${rotation ? ', ring held' : ''}`;
    },
  };
}

type Rotation = WorkflowHandle<typeof rotateApiKey>;

/** Eight minutes on, or to its end. */
async function hurry(client: Client, handle: Rotation): Promise<void> {
  await fastForward(client, handle.workflowId, '8m').catch(async (error: unknown) => {
    if ((await handle.describe()).status.name === 'RUNNING') throw error;
  });
}

/** As soon as it is asked for; a rotation that has ended before asks for nothing. */
async function approve(handle: Rotation): Promise<void> {
  const asked = await vi.waitFor(async () => {
    const { status } = await handle.describe();
    if (status.name !== 'RUNNING') return undefined;
    const question = await handle.query(approval);
    expect(question.state).toBe('waiting');
    return question;
  }, PATIENCE);
  if (asked) await handle.signal('approve', { approver: 'bob', planHash: asked.planHash });
}

/** Once the old key is to be deleted, after which nobody is waited for; false if the rotation has ended before. */
const revokes = (handle: Rotation) =>
  vi.waitFor(async () => {
    const { status } = await handle.describe();
    if (status.name !== 'RUNNING') return false;
    const { steps } = await handle.query(rotateApiKeyStatus);
    expect(steps.find(({ step }) => step === 'revoke')?.state).not.toBe('to come');
    return true;
  }, PATIENCE);
