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
  /** Of the key ring, when the key comes from there. */
  readonly epoch?: number;
}

/** The key that requests are sent with. An activity attempt asks when it starts. */
export interface ApiKeys {
  current(): Promise<ApiKey>;
  /** Forgets what is cached and reads again: the key in hand was refused. */
  refresh(): Promise<ApiKey>;
  /** What there is to keys that are being rotated. */
  readonly rotation?: KeyRotation;
}

export interface KeyRotation {
  /** Does what uses this key, and knows until it is done that the key is in use. */
  track<T>(key: ApiKey, work: () => Promise<T>): Promise<T>;
  /** The key before the current one, as long as it still counts. */
  previous(): Promise<ApiKey | undefined>;
  /** Tells that this key was refused what the previous one was granted. */
  reportRefused(key: ApiKey): Promise<void>;
}

/** A key is sent in a header; the message names its place only. */
export function assertHeaderValue(place: string, key: string): void {
  if (!HEADER_VALUE.test(key)) throw new SecretUnavailable(`${place}: it holds characters that no header may`);
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
    assertHeaderValue('ALGOLIA_API_KEY_FILE', key);
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
