import { activityInfo, Context } from '@temporalio/activity';
import { WithStartWorkflowOperation, WorkflowNotFoundError } from '@temporalio/client';
import { firstRing, keyRingId, type HeldKey, type KeyRingState, type RotationRef } from '../secrets/key-ring-state.ts';
import { findKeyRing, readKeyRing } from '../secrets/read-key-ring.ts';
import { heartbeating } from './attempt.ts';

/**
 * What can be done to the key ring. Each is done once however often it is asked for, and not at all when the ring has moved on.
 *
 * - claim: a rotation takes the ring for itself, and names the key it wants to promote
 * - promote: the key becomes the current one; with `overlap` the one before it still counts
 * - rollBack: the previous key becomes the current one again
 * - endOverlap: the previous key counts no longer; there is no way back
 * - withdraw: the key is about to be deleted, so that nobody makes it the current one meanwhile
 * - release: the rotation is over
 */
export type KeyRingTurn =
  | { readonly turn: 'claim'; readonly rotation: RotationRef; readonly key: HeldKey; readonly replaces?: string }
  | {
      readonly turn: 'promote';
      readonly toReference: string;
      readonly fingerprint: string;
      readonly expectEpoch: number;
      readonly by: string;
      /** What the current key's fingerprint is: a ring that was never turned doesn't know. */
      readonly fromFingerprint?: string;
      readonly overlap?: boolean;
    }
  | { readonly turn: 'rollBack'; readonly expectEpoch: number; readonly by: string }
  | { readonly turn: 'endOverlap'; readonly expectEpoch: number; readonly by: string }
  | { readonly turn: 'withdraw'; readonly fingerprint: string; readonly by: string }
  | { readonly turn: 'release'; readonly by: string };

export interface TurnedKeyRing {
  /** Absent: it is done, now or before. Present: why not. */
  readonly refused?: string;
  readonly ring: KeyRingState;
}

export type TurnKeyRing = (turn: KeyRingTurn) => Promise<TurnedKeyRing>;

/** Turns the ring of this application, which is started if it isn't there. */
export function createTurnKeyRing(applicationId: string): TurnKeyRing {
  return async function turnKeyRing(turn) {
    return heartbeating(async () => {
      const turned = await sendTurn(applicationId, turn);
      const holder = turned.ring.rotation;
      if (turn.turn !== 'claim' || turned.refused === undefined || !holder || (await isRunning(holder))) return turned;
      // A rotation that was terminated can't give the ring back.
      return sendTurn(applicationId, { ...turn, replaces: holder.rotationId });
    });
  };
}

/** Takes a key that is to be deleted out of the ring. Returns the current key if that is the one: then it stays. */
export async function withdrawKey(turnKeyRing: TurnKeyRing, fingerprint: string): Promise<HeldKey | undefined> {
  const { workflowExecution, activityId } = activityInfo();
  const by = workflowExecution?.workflowId ?? activityId;
  const { refused, ring } = await turnKeyRing({ turn: 'withdraw', fingerprint, by });
  return refused === undefined ? undefined : ring.current;
}

async function sendTurn(applicationId: string, turn: KeyRingTurn): Promise<TurnedKeyRing> {
  const { client } = Context.current();
  const { turn: name, ...input } = turn;
  // Also a ring that was terminated goes on where it was.
  const state = await readKeyRing(client, applicationId);
  const startWorkflowOperation = new WithStartWorkflowOperation('keyRing', startOf(applicationId, state));
  return client.workflow.executeUpdateWithStart<never, TurnedKeyRing, [unknown]>(name, {
    args: [input],
    startWorkflowOperation: startWorkflowOperation as never,
  });
}

/** What the ring says. One that was terminated runs again after this, for workers can confirm nothing to it till then. */
export async function reviveKeyRing(applicationId: string): Promise<KeyRingState> {
  const { client } = Context.current();
  const { state, isRunning = true } = (await findKeyRing(client, applicationId)) ?? {};
  if (!isRunning) await client.workflow.start('keyRing', startOf(applicationId, state));
  return state ?? firstRing;
}

function startOf(applicationId: string, state: KeyRingState | undefined) {
  return {
    workflowId: keyRingId(applicationId),
    taskQueue: activityInfo().taskQueue,
    args: state ? [state] : [],
    workflowIdConflictPolicy: 'USE_EXISTING',
    staticSummary: `Which API key counts for ${applicationId}`,
  } as const;
}

/** Whoever asks has the ring's rotation to itself if both go by one workflow id: only one of them can be running. */
async function isRunning({ workflowId }: RotationRef): Promise<boolean> {
  if (workflowId === activityInfo().workflowExecution?.workflowId) return false;
  try {
    const { status } = await Context.current().client.workflow.getHandle(workflowId).describe();
    return status.name === 'RUNNING';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}
