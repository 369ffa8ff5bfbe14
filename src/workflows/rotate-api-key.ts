import {
  CancellationScope,
  defineQuery,
  defineSignal,
  log,
  setCurrentDetails,
  setHandler,
  upsertMemo,
  workflowInfo,
} from '@temporalio/workflow';
import type { Checked, WorkflowInput } from '../activities/check-input.ts';
import { checkInput, onKeys } from './proxies.ts';
import { checkPolicy, openApprovals, requestApproval, type ApprovalOutcome } from './steps/approval.ts';
import { describeRotation } from './steps/rotate-details.ts';
import {
  discardNewKey,
  promoteKey,
  releaseRing,
  retireOldKey,
  toRotationFailure,
  unwindRotation,
} from './steps/rotate-end.ts';
import { keysOf, prepareKeys, probeNewKey, setKeys } from './steps/rotate-prepare.ts';
import {
  reportOf,
  ROTATION_STEPS,
  type RotateApiKeyStatus,
  type Rotation,
  type RotationOutcome,
  type RotationReport,
} from './steps/rotate-state.ts';
import {
  convergeWorkers,
  drainRuns,
  lookAtKey,
  overlapKeys,
  soakKey,
  startForcing,
  type Forcing,
} from './steps/rotate-watch.ts';
import { findableBy } from './steps/search-attributes.ts';

/**
 * Switches the Ingestion API key of all workers, and ingestion never notices.
 * prepare → probe → approve → promote → soak → converge → overlap → drain → revoke → prove: the new key is proven before anybody is
 * asked, the old one stays good until provably nobody uses it, and until then every failure leads back to it.
 * Keys are references and fingerprints here. A denied approval is an answer; a rollback fails the workflow.
 */
export type RotateApiKeyInput = WorkflowInput<'rotateApiKey'>;

export interface RotateApiKeyResult extends RotationReport {
  /** `revoked`: the old key is deleted and refused. `left`: it is unused, and somebody else's to delete. `abandoned`: the approval was denied. */
  readonly outcome: RotationOutcome;
  readonly reason?: string;
}

export const forceConverge = defineSignal<[{ by: string; reason: string }]>('forceConverge');
export const rotateApiKeyStatus = defineQuery<RotateApiKeyStatus>('status');

export const rotateApiKeyId = (applicationId: string) => `algolia-rotate/${applicationId}`;

export async function rotateApiKey(rawInput: RotateApiKeyInput): Promise<RotateApiKeyResult> {
  openApprovals();
  const { rotation, forcing } = startRotation();
  const input = await checkInput('rotateApiKey', rawInput);
  if (input.emergency) rotation.tell({ emergency: true });
  findableBy({ AlgoliaAppId: input.applicationId });
  await checkPolicy(input.approval?.policy);
  try {
    await prepareKeys(rotation, input);
    await probeNewKey(rotation);
    const { decision } = await askApproval(rotation, input);
    if (decision !== 'approved') return await abandon(rotation, input, decision);
    await probeNewKey(rotation);
    await CancellationScope.nonCancellable(() => promoteKey(rotation));
    await soakKey(rotation, input);
    await convergeWorkers(rotation, forcing);
    const began = await onKeys.listRunsGoingOn({});
    await overlapKeys(rotation, input);
    await drainRuns(rotation, input, began);
    await lookAtKey(rotation);
    return finish(rotation, await CancellationScope.nonCancellable(() => retireOldKey(rotation, input)));
  } catch (error) {
    const outcome = await CancellationScope.nonCancellable(() => unwindRotation(rotation, input, error));
    fail(rotation, outcome);
    throw toRotationFailure(rotation, outcome, error);
  }
}

function startRotation(): { rotation: Rotation; forcing: Forcing } {
  const id = workflowInfo().firstExecutionRunId;
  const forcing = startForcing();
  const rotation: Rotation = {
    id,
    point: 'unclaimed',
    minting: 'no',
    promotedAt: 0,
    converged: false,
    status: { rotationId: id, steps: ROTATION_STEPS.map((step) => ({ step, state: 'to come' })) },
    tell(change) {
      rotation.status = { ...rotation.status, ...change };
      setCurrentDetails(describeRotation(rotation.status));
    },
    begin(begun, note) {
      const at = new Date().toISOString();
      const steps = rotation.status.steps.map((state) => {
        if (state.step === begun) return { ...state, state: 'going on' as const, at, ...(note ? { note } : {}) };
        return state.state === 'going on' ? { ...state, state: 'done' as const } : state;
      });
      rotation.tell({ steps });
    },
    note(note) {
      const steps = rotation.status.steps.map((state) => (state.state === 'going on' ? { ...state, note } : state));
      rotation.tell({ steps });
    },
  };
  setHandler(rotateApiKeyStatus, () => rotation.status, { description: 'Every step, and what it came to so far' });
  setHandler(
    forceConverge,
    (message) => {
      const { by, reason } = message ?? {};
      if (typeof by !== 'string' || typeof reason !== 'string' || !by || !reason)
        return log.warn('forceConverge ignored: expected {"by": "…", "reason": "…"}');
      if (!forcing.take(by, reason)) log.warn('forceConverge ignored: no worker is being waited for', { by, reason });
    },
    {
      description:
        'Goes on without the workers that have not confirmed the new key, on record. Input: {"by": "ana@example.com", "reason": "that host is gone"}',
    },
  );
  return { rotation, forcing };
}

/** What people approve: everything that will be done. If a key or the ring changes meanwhile, they are asked again. */
async function askApproval(rotation: Rotation, input: Checked<'rotateApiKey'>): Promise<ApprovalOutcome> {
  rotation.begin('approve');
  const { applicationId, overlap, soak, drainTimeout, revoke, mint, canaryTaskID, emergency, adminSecret } = input;
  const planOf = ({ from, to, epoch }: NonNullable<Rotation['keys']>) => ({
    rotate: applicationId,
    epoch,
    from,
    to,
    probe: 'the new key was accepted by Algolia',
    mint,
    overlap,
    soak,
    drainTimeout,
    revoke,
    ...(adminSecret ? { adminSecret } : {}),
    ...(canaryTaskID ? { canaryTaskID } : {}),
    ...(emergency ? { emergency } : {}),
  });
  const { to } = keysOf(rotation);
  const outcome = await requestApproval({
    title: `${emergency ? 'EMERGENCY: ' : ''}switch the API key of ${applicationId} to ${to.reference}`,
    plan: planOf(keysOf(rotation)),
    reason: input.reason,
    requestedBy: input.requestedBy,
    policy: input.approval?.policy,
    describeAround: () => describeRotation(rotation.status),
    replan: async () => {
      const compared = await onKeys.compareKeys({
        toReference: to.reference,
        ...(adminSecret ? { adminReference: adminSecret } : {}),
      });
      setKeys(rotation, { ...compared, to: compared.to ?? to });
      return planOf(keysOf(rotation));
    },
  });
  rotation.tell({ approval: outcome });
  return outcome;
}

async function abandon(
  rotation: Rotation,
  input: Checked<'rotateApiKey'>,
  decision: ApprovalOutcome['decision'],
): Promise<RotateApiKeyResult> {
  rotation.tell({ reason: `the approval was ${decision}; nothing was switched` });
  await CancellationScope.nonCancellable(async () => {
    await discardNewKey(rotation, input);
    await releaseRing(rotation);
  });
  return finish(rotation, 'abandoned');
}

function finish(rotation: Rotation, outcome: RotationOutcome): RotateApiKeyResult {
  const state = outcome === 'abandoned' ? 'failed' : 'done';
  end(rotation, outcome, state);
  const { reason } = rotation.status;
  return { outcome, ...(reason ? { reason } : {}), ...reportOf(rotation) };
}

/** A failed or cancelled workflow returns nothing, so what it came to goes where it can be seen. */
function fail(rotation: Rotation, outcome: RotationOutcome): void {
  end(rotation, outcome, 'failed');
  upsertMemo({ outcome, reason: rotation.status.reason });
}

function end(rotation: Rotation, outcome: RotationOutcome, state: 'done' | 'failed'): void {
  const steps = rotation.status.steps.map((step) => (step.state === 'going on' ? { ...step, state } : step));
  rotation.tell({ steps, outcome, waitingFor: [] });
  findableBy({ Outcome: outcome });
}
