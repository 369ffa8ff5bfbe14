import { ApplicationFailure } from '@temporalio/activity';
import type { z } from 'zod';
import type { AlgoliaClient } from '../algolia/client.ts';
import { ApiKeyRights, searchApi } from '../operations/search-api.ts';
import type { HeldKey } from '../secrets/key-ring-state.ts';
import type { KeyStore } from '../secrets/key-store.ts';
import { SecretUnavailable } from '../secrets/secret-store.ts';
import { attempt, sendOnce } from './attempt.ts';
import { withdrawKey, type TurnKeyRing } from './key-ring-turns.ts';

export interface MintedKeyInput {
  /** Stands in the key's description, by which it is found again. */
  readonly rotationId: string;
  /** Where the new key goes: a `file:` reference that is new. */
  readonly toReference: string;
  readonly adminReference: string;
}

export interface DiscardKeyInput extends MintedKeyInput {
  /** Of the key that was minted, if that is known. */
  readonly fingerprint?: string;
}

export interface MintKeyInput extends MintedKeyInput {
  /** The key whose rights the new one gets. */
  readonly from: Required<HeldKey>;
}

export interface MintOptions {
  readonly client: AlgoliaClient;
  readonly store: KeyStore;
}

type ListedKey = z.output<typeof searchApi.listApiKeys.response>['keys'][number];

/** Creates a key with the rights of another, and puts it where the reference says. To be asked once: a second call makes a second key. */
export function createMintKey({ client, store }: MintOptions) {
  return async function mintKey(input: MintKeyInput): Promise<Required<HeldKey>> {
    const { rotationId, toReference, adminReference, from } = input;
    return attempt(async (signal) => {
      await store.assertWritable(toReference);
      const apiKey = await store.reveal(adminReference);
      const { keys } = await client.send('listApiKeys', searchApi.listApiKeys, {}, { apiKey, signal });
      const rights = keys.find(({ value }) => value && store.fingerprint(value) === from.fingerprint);
      if (!rights) {
        throw ApplicationFailure.nonRetryable(
          `the current key (${from.fingerprint}) is not among the API keys of the application, so its rights can't be copied: an admin key can't be rotated, and a key of another application isn't this one's`,
          'InvalidInput',
        );
      }
      const answer = await sendOnce('addApiKey', ({ writeBefore }) =>
        client.send('addApiKey', searchApi.addApiKey, rightsOf(rights, rotationId), { apiKey, signal, writeBefore }),
      );
      return keep(store, toReference, answer.key).catch((error: unknown) => {
        // It is deleted again by whoever asked for it: a key that nobody can read is of no use.
        if (error instanceof SecretUnavailable)
          throw ApplicationFailure.nonRetryable(`the new key was created, but ${error.message}`, 'AlgoliaInvalid');
        throw error;
      });
    });
  };
}

/** The key that a rotation has minted, put where the reference says; null if there is none. More than one can't be: all but the first are deleted. */
export function createFindMintedKey({ client, store }: MintOptions) {
  return async function findMintedKey(input: MintedKeyInput): Promise<Required<HeldKey> | null> {
    return attempt(async (signal) => {
      const apiKey = await store.reveal(input.adminReference);
      const [first, ...others] = await listMinted(client, input, { apiKey, signal });
      for (const key of others) await client.send('deleteApiKey', searchApi.deleteApiKey, { key }, { apiKey, signal });
      return first === undefined ? null : keep(store, input.toReference, first);
    });
  };
}

/** Deletes the key that a rotation has minted, and its file: it didn't become the current one. */
export function createDiscardMintedKey({ client, store, turnKeyRing }: MintOptions & { turnKeyRing: TurnKeyRing }) {
  return async function discardMintedKey(input: DiscardKeyInput): Promise<{ deleted: number }> {
    const withdraw = async (fingerprint: string) => {
      if (await withdrawKey(turnKeyRing, fingerprint))
        throw ApplicationFailure.nonRetryable('the minted key is the current one, and stays', 'KeyInUse');
    };
    return attempt(async (signal) => {
      const apiKey = await store.reveal(input.adminReference);
      const minted = await listMinted(client, input, { apiKey, signal });
      for (const key of minted) {
        store.learn(key);
        await withdraw(store.fingerprint(key));
        await client.send('deleteApiKey', searchApi.deleteApiKey, { key }, { apiKey, signal });
        await store.remove(input.toReference, key);
      }
      // Somebody else may have deleted the key.
      if (minted.length === 0 && input.fingerprint !== undefined) {
        await withdraw(input.fingerprint);
        const held = await store.reveal(input.toReference).catch(() => undefined);
        if (held !== undefined && store.fingerprint(held) === input.fingerprint)
          await store.remove(input.toReference, held);
      }
      return { deleted: minted.length };
    });
  };
}

/** The value goes to its file, and nowhere else. */
async function keep(store: KeyStore, reference: string, value: string): Promise<Required<HeldKey>> {
  store.learn(value);
  await store.write(reference, value);
  return { reference, fingerprint: store.fingerprint(value) };
}

async function listMinted(
  client: AlgoliaClient,
  { rotationId }: MintedKeyInput,
  options: { apiKey: string; signal: AbortSignal },
): Promise<string[]> {
  const { keys } = await client.send('listApiKeys', searchApi.listApiKeys, {}, options);
  return keys
    .filter(({ description }) => description === describe(rotationId))
    .toSorted((a, b) => String(a.createdAt).localeCompare(String(b.createdAt)))
    .flatMap(({ value }) => value ?? []);
}

const describe = (rotationId: string) => `rotateApiKey ${rotationId}`;

/** All that was set on the key, and the description by which the new one is found. */
function rightsOf(key: ListedKey, rotationId: string): z.input<typeof ApiKeyRights> {
  const rights = Object.keys(ApiKeyRights.shape).flatMap((name) => {
    const value: unknown = key[name];
    return value === null || value === undefined ? [] : [[name, value] as const];
  });
  return { ...Object.fromEntries(rights), acl: key.acl, description: describe(rotationId) };
}
