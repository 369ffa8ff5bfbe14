import type { HeldKey } from '../../secrets/key-ring-state.ts';
import type { ApprovalOutcome } from './approval.ts';

/** What a rotation does, in this order. */
export const ROTATION_STEPS = [
  'prepare',
  'probe',
  'approve',
  'promote',
  'soak',
  'converge',
  'overlap',
  'drain',
  'revoke',
  'prove',
] as const;
export type RotationStep = (typeof ROTATION_STEPS)[number];

export interface StepState {
  readonly step: RotationStep;
  readonly state: 'to come' | 'going on' | 'done' | 'failed';
  /** When it began. */
  readonly at?: string;
  readonly note?: string;
}

/** What an operator has taken upon himself: workers that did not confirm were not waited for. */
export interface ForcedConvergence {
  readonly by: string;
  readonly reason: string;
  readonly at: string;
  readonly workers: readonly string[];
}

/** What a rotation came to, as far as it came. */
export interface RotationReport {
  readonly rotationId: string;
  /** References of the keys. */
  readonly from?: string;
  readonly to?: string;
  readonly fingerprints?: { readonly from: string; readonly to?: string };
  /** Of the key ring, by this rotation. */
  readonly epoch?: number;
  readonly approval?: ApprovalOutcome;
  readonly canary?: { readonly verdict: string; readonly runID?: string; readonly keyVersion?: string };
  /** How many workers confirmed that they use the new key only, and how many were not waited for. */
  readonly workers?: { readonly acked: number; readonly forced: number };
  readonly forced?: readonly ForcedConvergence[];
  /** How many runs that began before that were waited for. */
  readonly runsDrained?: number;
  /** Runs that were not waited for any longer: in an emergency only. */
  readonly undrained?: readonly string[];
  /** For how long both keys counted. */
  readonly overlapActual?: string;
  /** What Algolia said to the old key at last. */
  readonly oldKey?: 'refused' | 'accepted' | 'unknown';
  /** The key that this rotation created, where it is neither the current one nor deleted again. No fingerprint: it may not be there. */
  readonly leftBehind?: HeldKey;
  /** The safeguards were shortened. */
  readonly emergency?: true;
}

/** The answer to the query `status`. */
export interface RotateApiKeyStatus extends RotationReport {
  readonly steps: readonly StepState[];
  readonly outcome?: RotationOutcome;
  readonly reason?: string;
  /** Workers that have yet to confirm the new key. */
  readonly waitingFor?: readonly string[];
  /** Runs that have yet to end. */
  readonly runsLeft?: number;
}

/** `left`: everything but the revocation is done, as asked. `abandoned`: nothing was switched. */
export type RotationOutcome = 'revoked' | 'left' | 'abandoned' | 'rolledBack' | 'incomplete';

/** How far back there is a way. */
export type RotationPoint = 'unclaimed' | 'claimed' | 'promoting' | 'promoted' | 'retiring';

/** A rotation under way. */
export interface Rotation {
  readonly id: string;
  point: RotationPoint;
  /** Set once prepared. */
  keys?: { readonly from: Required<HeldKey>; readonly to: Required<HeldKey>; readonly epoch: number };
  /** Whether the new key may have been created by this rotation. */
  minting: 'no' | 'maybe' | 'refused';
  promotedAt: number;
  /** When last looked at, no worker used the old key any more. */
  converged: boolean;
  status: RotateApiKeyStatus;
  readonly tell: (change: Partial<RotateApiKeyStatus>) => void;
  /** The step before it is done; this one goes on. */
  readonly begin: (step: RotationStep, note?: string) => void;
  /** Adds to what is said of the step that goes on. */
  readonly note: (note: string) => void;
}

/** What the result holds of the status. */
export function reportOf({ status }: Rotation): RotationReport {
  const {
    steps: _steps,
    outcome: _outcome,
    reason: _reason,
    waitingFor: _waiting,
    runsLeft: _left,
    ...report
  } = status;
  return report;
}
