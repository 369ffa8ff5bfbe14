import type { AlgoliaClient } from '../algolia/client.ts';
import type { ApiKeys } from '../secrets/api-keys.ts';
import type { KeyStore } from '../secrets/key-store.ts';
import { createCompareKeys } from './key-comparison.ts';
import { createListRunsGoingOn } from './key-drain.ts';
import { createTurnKeyRing } from './key-ring-turns.ts';
import { createInspectKeyUse } from './key-use.ts';
import { createDiscardMintedKey, createFindMintedKey, createMintKey } from './mint-key.ts';
import { createProbeKey } from './probe-key.ts';
import { createRevokeKey } from './revoke-key.ts';
import { createSetClientApiKey } from './set-client-api-key.ts';

export interface KeyActivitiesOptions {
  readonly applicationId: string;
  readonly client: AlgoliaClient;
  readonly keys: ApiKeys;
  readonly store: KeyStore;
}

/** What rotates keys. Values of keys go in and out of Algolia and the secret store, never in or out of an activity. */
export function createKeyActivities(options: KeyActivitiesOptions) {
  const { applicationId, client, keys, store } = options;
  const probeKey = createProbeKey(client, store);
  const turnKeyRing = createTurnKeyRing(applicationId);
  return {
    compareKeys: createCompareKeys(applicationId, store),
    probeKey,
    turnKeyRing,
    inspectKeyUse: createInspectKeyUse(applicationId, probeKey),
    mintKey: createMintKey(options),
    findMintedKey: createFindMintedKey(options),
    discardMintedKey: createDiscardMintedKey({ ...options, turnKeyRing }),
    listRunsGoingOn: createListRunsGoingOn(client, keys),
    revokeKey: createRevokeKey({ ...options, probeKey, turnKeyRing }),
    setClientApiKey: createSetClientApiKey({ applicationId, keys, store, turnKeyRing }),
  };
}
