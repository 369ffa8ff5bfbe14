import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { KeyRingUnreachable } from './key-ring.ts';
import { keyRingId, RING_MEMO, type KeyRingState } from './key-ring-state.ts';

/**
 * What the ring says, or undefined if there is none. Reads the memo, which takes no worker, and also that of a ring that was
 * terminated: which key counts doesn't change by that.
 */
export async function readKeyRing(client: Client, applicationId: string): Promise<KeyRingState | undefined> {
  return (await findKeyRing(client, applicationId))?.state;
}

/** The same, and whether the ring can be told anything. */
export async function findKeyRing(
  client: Client,
  applicationId: string,
): Promise<{ readonly state: KeyRingState | undefined; readonly isRunning: boolean } | undefined> {
  try {
    const { memo, status } = await client.workflow.getHandle(keyRingId(applicationId)).describe();
    return { state: memo?.[RING_MEMO] as KeyRingState | undefined, isRunning: status.name === 'RUNNING' };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw new KeyRingUnreachable('the key ring cannot be read: Temporal does not answer', { cause: error });
  }
}
