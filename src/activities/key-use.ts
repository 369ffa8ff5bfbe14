import { activityInfo, Context } from '@temporalio/activity';
import { listPollers } from '../list-pollers.ts';
import type { HeldKey } from '../secrets/key-ring-state.ts';
import { reviveKeyRing } from './key-ring-turns.ts';
import type { Probe } from './probe-key.ts';

export interface KeyUse {
  /** Of the key ring now. */
  readonly epoch: number;
  /** Whether the current key is still good for the one read. */
  readonly probe: Probe;
  /** The workers whose request it was refused, and the previous key was not. */
  readonly refusedTo: readonly string[];
  /** The workers that use it and no older one. */
  readonly confirmed: readonly string[];
  /** The identities of the workers that poll, or did so in the last five minutes, and have not said so. */
  readonly unconfirmed: readonly string[];
}

/** Looks at all that tells whether the promoted key does its work: the key itself, the ring, the workers. */
export function createInspectKeyUse(applicationId: string, probeKey: (key: HeldKey) => Promise<Probe>) {
  return async function inspectKeyUse({ key }: { key: Required<HeldKey> }): Promise<KeyUse> {
    const { client } = Context.current();
    const [probe, ring, pollers] = await Promise.all([
      probeKey(key),
      reviveKeyRing(applicationId),
      listPollers(client, activityInfo().taskQueue),
    ]);
    const { epoch, refusedTo, confirmed } = ring;
    const unconfirmed = pollers.filter((identity) => !confirmed.includes(workerIdOf(identity)));
    return { epoch, probe, refusedTo, confirmed, unconfirmed };
  };
}

/** A worker's identity ends with its id; another's doesn't, so it never counts as confirmed. */
const workerIdOf = (identity: string) => identity.split('#').at(-1) ?? '';
