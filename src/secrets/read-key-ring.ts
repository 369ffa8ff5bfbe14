import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { KeyRingUnreachable } from './key-ring.ts';
import { keyRingId, RING_MEMO, type KeyRingState } from './key-ring-state.ts';

/**
 * What the ring says, or undefined if there is none. Reads the memo, which takes no worker, and also that of a ring that was
 * terminated: which key counts doesn't change by that.
 */
export async function readKeyRing(client: Client, applicationId: string): Promise<KeyRingState | undefined> {
  try {
    const { memo } = await client.workflow.getHandle(keyRingId(applicationId)).describe();
    return memo?.[RING_MEMO] as KeyRingState | undefined;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw new KeyRingUnreachable('the key ring cannot be read: Temporal does not answer', { cause: error });
  }
}
