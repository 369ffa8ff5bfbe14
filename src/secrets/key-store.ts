import { assertHeaderValue, type ApiKeys } from './api-keys.ts';
import { CONFIGURED } from './key-ring-state.ts';
import type { SecretFiles } from './secret-files.ts';
import { SecretUnavailable, type SecretStore } from './secret-store.ts';

/** Where the values of keys are, by reference. What it reveals stays inside the activity that asked. */
export interface KeyStore extends SecretFiles {
  reveal(reference: string): Promise<string>;
  fingerprint(value: string): string;
  /** From now on this value appears nowhere. */
  learn(value: string): void;
}

export interface KeyStoreOptions {
  readonly secrets: SecretStore;
  readonly files: SecretFiles;
  /** The key of this worker's own configuration. */
  readonly configured: ApiKeys;
  readonly fingerprint: (value: string) => string;
  readonly learn: (value: string) => void;
}

export function createKeyStore({ secrets, files, configured, fingerprint, learn }: KeyStoreOptions): KeyStore {
  return {
    ...files,
    fingerprint,
    learn,
    async reveal(reference) {
      if (reference === CONFIGURED) return (await configured.refresh()).value;
      const value = await secrets.reveal(reference);
      assertHeaderValue(`secret ${reference}`, value);
      return value;
    },
  };
}

/** For activities that are made without one. */
export const noKeyStore: KeyStore = {
  reveal: none,
  assertWritable: none,
  write: none,
  remove: none,
  fingerprint: () => '',
  learn: () => undefined,
};

async function none(reference: string): Promise<never> {
  throw new SecretUnavailable(`secret ${reference}: this worker has no key store`);
}
