import { ApplicationFailure, Context } from '@temporalio/activity';
import { firstRing, type HeldKey } from '../secrets/key-ring-state.ts';
import type { KeyStore } from '../secrets/key-store.ts';
import { readKeyRing } from '../secrets/read-key-ring.ts';
import { toFailure } from './to-failure.ts';

export interface CompareKeysInput {
  /** Absent while the new key is yet to be minted. */
  readonly toReference?: string;
  readonly adminReference?: string;
}

export interface ComparedKeys {
  /** Of the key ring now. */
  readonly epoch: number;
  readonly from: Required<HeldKey>;
  readonly to?: Required<HeldKey>;
}

/** Reads the keys of a rotation and says which they are; refuses two that are the same. */
export function createCompareKeys(applicationId: string, store: KeyStore) {
  return async function compareKeys({ toReference, adminReference }: CompareKeysInput): Promise<ComparedKeys> {
    const look = async (reference: string): Promise<Required<HeldKey>> => ({
      reference,
      fingerprint: store.fingerprint(await store.reveal(reference)),
    });
    try {
      const { epoch, current } = (await readKeyRing(Context.current().client, applicationId)) ?? firstRing;
      const from = await look(current.reference);
      assertUnchanged(current, from.fingerprint);
      const to = toReference === undefined ? undefined : await look(toReference);
      const admin = adminReference === undefined ? undefined : await look(adminReference);
      if (to?.fingerprint === from.fingerprint)
        throw refuse(`input.toSecret: ${to.reference} holds the key that is current already (${from.fingerprint})`);
      if (admin && [from.fingerprint, to?.fingerprint].includes(admin.fingerprint))
        throw refuse(`input.adminSecret: ${admin.reference} must hold another key than the ones that are rotated`);
      return { epoch, from, ...(to ? { to } : {}) };
    } catch (error) {
      throw toFailure(error);
    }
  };
}

/** What a reference held when it was looked at is what was probed, approved and promoted. */
export function assertUnchanged({ reference, fingerprint }: HeldKey, now: string): void {
  if (fingerprint === undefined || fingerprint === now) return;
  throw ApplicationFailure.nonRetryable(
    `secret ${reference} holds another key (${now}) than before (${fingerprint}); a key that changes needs a new reference`,
    'KeyChanged',
  );
}

const refuse = (why: string) => ApplicationFailure.nonRetryable(`${why}. Nothing was sent.`, 'InvalidInput');
