/**
 * The vocabulary of key rotation.
 *
 * - reference: where a key's value is: `file:algolia/v8`, `env:SECRET_…`, or `configured`: where each worker's own configuration says
 * - fingerprint: tells keys apart without telling what they are
 * - key ring: which key is current, which was so before, which is to follow
 * - epoch: how often the current key has changed
 * - overlap: the time in which the previous key still counts
 */
export interface HeldKey {
  readonly reference: string;
  /** Absent only for the configured key that nobody has looked at yet. */
  readonly fingerprint?: string;
}

/** What the workflow `keyRing` knows, in its memo: whoever may read that finds which key counts, and no key. */
export interface KeyRingState {
  readonly epoch: number;
  readonly current: HeldKey;
  readonly previous?: HeldKey;
  /** Whether the previous key still counts: for what the current one is refused, and as the way back. */
  readonly overlap: boolean;
  /** The key that the rotation under way wants to promote. */
  readonly pending?: HeldKey;
  /** The key that was last withdrawn, to be deleted: for two minutes nobody can make it the current one. */
  readonly withdrawn?: { readonly fingerprint: string; readonly by: string; readonly at: string };
  /** The rotation under way; another one has to wait. */
  readonly rotation?: RotationRef;
  /** During the overlap: the workers that use the current key and no older one, by id. */
  readonly confirmed: readonly string[];
  /** During the overlap: the workers whose request the current key was refused and the previous one was not. */
  readonly refusedTo: readonly string[];
  /** The last changes of the current key, oldest first. */
  readonly changes: readonly KeyChange[];
}

export interface RotationRef {
  readonly rotationId: string;
  readonly workflowId: string;
}

export interface KeyChange {
  readonly epoch: number;
  readonly from: string;
  readonly to: string;
  /** A rotation's id, or what else asked for it. */
  readonly by: string;
  readonly at: string;
}

/** The reference of the key that each worker's own configuration holds. */
export const CONFIGURED = 'configured';

/** The key in the memo under which the state stands. */
export const RING_MEMO = 'keyRing';

export const keyRingId = (applicationId: string) => `algolia-keyring/${applicationId}`;

/** A ring that nobody has turned yet. */
export const firstRing: KeyRingState = {
  epoch: 0,
  current: { reference: CONFIGURED },
  overlap: false,
  confirmed: [],
  refusedTo: [],
  changes: [],
};
