import { ApplicationFailure, Context } from '@temporalio/activity';
import { AlgoliaError } from '../algolia/algolia-error.ts';
import type { AlgoliaClient, CallOptions } from '../algolia/client.ts';
import { searchApi } from '../operations/search-api.ts';
import { firstRing, type HeldKey } from '../secrets/key-ring-state.ts';
import type { KeyStore } from '../secrets/key-store.ts';
import { readKeyRing } from '../secrets/read-key-ring.ts';
import { attempt } from './attempt.ts';
import { withdrawKey, type TurnKeyRing } from './key-ring-turns.ts';
import type { Probe } from './probe-key.ts';

export interface RevokeKeyInput {
  readonly key: Required<HeldKey>;
  readonly adminReference: string;
}

export interface RevokeOptions {
  readonly applicationId: string;
  readonly client: AlgoliaClient;
  readonly store: KeyStore;
  readonly probeKey: (key: HeldKey) => Promise<Probe>;
  readonly turnKeyRing: TurnKeyRing;
}

/**
 * Deletes a key, unless it is gone already: also the attempt after one whose answer was lost says that it is done.
 * It stays if somebody has made it the current one again meanwhile, or if the current one is refused: then nothing would be left to
 * ingest with. That the current one is refused is a failure also where the old key is gone: nobody ingests.
 */
export function createRevokeKey({ applicationId, client, store, probeKey, turnKeyRing }: RevokeOptions) {
  return async function revokeKey({ key, adminReference }: RevokeKeyInput): Promise<{ wasGone: boolean }> {
    return attempt(async (signal) => {
      const options = { apiKey: await store.reveal(adminReference), signal };
      const value = await findValue(client, store, key, options);
      const toDelete = value !== undefined && (await exists(client, value, options)) ? value : undefined;
      const { current } = (await readKeyRing(Context.current().client, applicationId)) ?? firstRing;
      if (current.fingerprint === key.fingerprint) throw inUse(key, current);
      const probe = await probeKey(current);
      if (!probe.accepted) {
        const left = toDelete === undefined ? 'and the old one is gone' : 'so the old one stays';
        throw ApplicationFailure.nonRetryable(
          `Algolia refuses the current key, ${current.reference}, by now (${probe.why}), ${left} (${key.fingerprint})`,
          'KeyRefused',
        );
      }
      if (toDelete === undefined) return { wasGone: true };
      const kept = await withdrawKey(turnKeyRing, key.fingerprint);
      if (kept) throw inUse(key, kept);
      await client.send('deleteApiKey', searchApi.deleteApiKey, { key: toDelete }, options).catch(unlessGone);
      return { wasGone: false };
    });
  };
}

const inUse = ({ fingerprint }: HeldKey, { reference }: HeldKey) =>
  ApplicationFailure.nonRetryable(
    `the old key (${fingerprint}) was made the current one again, as ${reference}, and stays`,
    'KeyInUse',
  );

/** Where its reference says, or among all keys of the application if that holds another one by now. */
async function findValue(
  client: AlgoliaClient,
  store: KeyStore,
  { reference, fingerprint }: Required<HeldKey>,
  options: CallOptions,
): Promise<string | undefined> {
  const held = await store.reveal(reference).catch(() => undefined);
  if (held !== undefined && store.fingerprint(held) === fingerprint) return held;
  const { keys } = await client.send('listApiKeys', searchApi.listApiKeys, {}, options);
  const value = keys.find((key) => key.value && store.fingerprint(key.value) === fingerprint)?.value ?? undefined;
  if (value !== undefined) store.learn(value);
  return value;
}

async function exists(client: AlgoliaClient, key: string, options: CallOptions): Promise<boolean> {
  const found = await client.send('getApiKey', searchApi.getApiKey, { key }, options).catch(unlessGone);
  return found !== undefined;
}

function unlessGone(error: unknown): undefined {
  if (error instanceof AlgoliaError && error.details.status === 404) return undefined;
  throw error;
}
