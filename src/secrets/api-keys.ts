import type { Scrubber } from './scrubber.ts';
import { readSecretFile, SecretUnavailable } from './secret-store.ts';

/** How long a key read from a file is taken for current. */
const CACHE_MS = 5_000;

/** Visible ASCII. */
const HEADER_VALUE = /^[\x21-\x7e]+$/;

export interface ApiKey {
  readonly value: string;
  /** Says in results and logs which key was used, never what it is. */
  readonly version: string;
}

/** The key that requests are sent with. An activity attempt asks when it starts. */
export interface ApiKeys {
  current(): Promise<ApiKey>;
  /** Forgets what is cached and reads again: the key in hand was refused. */
  refresh(): Promise<ApiKey>;
}

export interface ConfiguredKey {
  readonly value?: string | undefined;
  readonly file?: string | undefined;
}

/** The key of the worker's own configuration: `ALGOLIA_API_KEY`, or the file that `ALGOLIA_API_KEY_FILE` names. */
export function configuredApiKeys({ value, file }: ConfiguredKey, scrubber: Scrubber): ApiKeys {
  if (value !== undefined) scrubber.learn(value);
  let cached: { key: ApiKey; readAt: number } | undefined;

  const read = async (): Promise<ApiKey> => {
    if (file === undefined) return { value: value ?? '', version: 'env' };
    const key = await readSecretFile(file, (why, cause) => {
      throw new SecretUnavailable(`ALGOLIA_API_KEY_FILE: ${why}`, { cause });
    });
    if (!HEADER_VALUE.test(key))
      throw new SecretUnavailable('ALGOLIA_API_KEY_FILE: the file holds characters that no header may');
    scrubber.learn(key);
    return { value: key, version: 'file' };
  };
  const refresh = async () => {
    const key = await read().catch((error: unknown) => {
      // A file that is just being replaced is no reason to fail what the key in hand can do.
      if (cached) return cached.key;
      throw error;
    });
    cached = { key, readAt: Date.now() };
    return key;
  };
  return {
    refresh,
    current: async () => (cached && Date.now() - cached.readAt < CACHE_MS ? cached.key : refresh()),
  };
}
