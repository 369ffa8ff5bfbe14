import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../message-of.ts';
import type { ApiKey, ApiKeys, KeyRotation } from './api-keys.ts';
import { EpochsInUse } from './epochs-in-use.ts';
import { CONFIGURED, type HeldKey, type KeyRingState } from './key-ring-state.ts';
import type { KeyStore } from './key-store.ts';
import { SecretUnavailable } from './secret-store.ts';

/** A key is taken for current this long; whoever revokes one waits longer. */
export const CACHE_MS = 15_000;
/** Temporal's own client goes on trying past any deadline. */
const READ_TIMEOUT_MS = 3_000;
/** Between attempts to read a ring that can't be read: the last good key is in use meanwhile. */
const RETRY_MS = 5_000;
/** How often the ring is looked at: often while a rotation is under way, which waits for this worker. */
const WATCH_MS = { rotating: 1_000, ring: 5_000, none: 5_000 } as const;

/** Nothing says which key counts: Temporal can't be asked, and never could be. */
export class KeyRingUnreachable extends Error {
  override readonly name = 'KeyRingUnreachable';
}

export interface KeyRingOptions {
  /** Names this worker to the ring, as its identity names it to the server. */
  readonly workerId: string;
  /** Undefined: there is no ring. */
  readonly readRing: () => Promise<KeyRingState | undefined>;
  readonly tellRing: (signal: 'confirmEpoch' | 'reportRefused', epoch: number) => Promise<void>;
  /** The key of this worker's own configuration. */
  readonly configured: ApiKeys;
  readonly store: Pick<KeyStore, 'reveal' | 'fingerprint'>;
  /** Of what a person should know: references and epochs, no values. */
  readonly warn: (message: string) => void;
}

interface Seen {
  readonly ring: KeyRingState | undefined;
  readonly key: ApiKey;
  readonly readAt: number;
}

/**
 * The API key that the key ring says counts: the configured one until a ring exists.
 * It is read again after 15 s, when it is refused, and every few seconds while `watch` runs. A ring that can't be read, or a
 * secret that this worker can't, leaves the last good key in use.
 */
export class KeyRing implements ApiKeys {
  readonly rotation: KeyRotation;
  readonly #options: KeyRingOptions;
  readonly #inUse = new EpochsInUse();
  readonly #reported = new Set<number>();
  #seen: Seen | undefined;
  #reading: Promise<Seen> | undefined;
  #failedAt = 0;
  #trouble = '';

  constructor(options: KeyRingOptions) {
    this.#options = options;
    this.rotation = {
      track: ({ epoch = 0 }, work) => this.#inUse.during(epoch, work),
      previous: () => this.#previous(),
      reportRefused: (key) => this.#reportRefused(key),
    };
  }

  async current(): Promise<ApiKey> {
    return (this.#seen && this.#isFresh(this.#seen) ? this.#seen : await this.#read()).key;
  }

  async refresh(): Promise<ApiKey> {
    const read = () => this.#read();
    // What is being read now may have been read before the key was refused.
    return (await (this.#reading ? this.#reading.then(read, read) : read())).key;
  }

  /** Why the key in hand may not be the one that counts; undefined while all is well. Names references, no values. */
  trouble(): string | undefined {
    return this.#trouble || undefined;
  }

  /** What was last read of the ring, times in ms; undefined if it never could be. Epoch 0: there is none. */
  seen(): { readonly epoch: number; readonly changedAt?: number; readonly readAt: number } | undefined {
    if (!this.#seen) return undefined;
    const { ring, readAt } = this.#seen;
    const change = ring?.changes.at(-1);
    return { epoch: ring?.epoch ?? 0, readAt, ...(change ? { changedAt: Date.parse(change.at) } : {}) };
  }

  /** Follows the ring, and confirms to it when no older key is in use, until the signal is aborted. */
  async watch(signal: AbortSignal): Promise<void> {
    const look = async () => {
      await this.#read();
      await within(READ_TIMEOUT_MS, this.#confirm());
    };
    while (!signal.aborted) {
      await look().catch(() => undefined);
      const ring = this.#seen?.ring;
      const pace = !ring ? 'none' : ring.overlap || ring.pending ? 'rotating' : 'ring';
      await delay(WATCH_MS[pace], undefined, { signal, ref: false }).catch(() => undefined);
    }
    // It has done its last work, so it uses no older key any more.
    if (this.#seen?.ring?.overlap) await look().catch(() => undefined);
  }

  #isFresh({ readAt }: Seen): boolean {
    return Date.now() - readAt < CACHE_MS || Date.now() - this.#failedAt < RETRY_MS;
  }

  #read(): Promise<Seen> {
    this.#reading ??= this.#readOnce().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #readOnce(): Promise<Seen> {
    const { readRing, configured, warn } = this.#options;
    const readAt = Date.now();
    try {
      const ring = await within(READ_TIMEOUT_MS, readRing());
      // Terminated rings keep their memo for days; one that is gone without a trace was deleted, and the configured key may be long revoked.
      if (!ring && this.#seen?.ring)
        throw new KeyRingUnreachable('the key ring is gone; restart this worker to go by its own configuration again');
      const key = ring ? await this.#keyOf(ring.current, ring.epoch) : await configured.refresh();
      this.#failedAt = 0;
      this.#trouble = '';
      this.#seen = { ring, key, readAt };
    } catch (error) {
      if (!this.#seen) throw error;
      this.#failedAt = Date.now();
      const why = messageOf(error);
      if (why !== this.#trouble) warn(`The API key stays ${this.#seen.key.version}: ${why}`);
      this.#trouble = why;
    }
    return this.#seen;
  }

  async #keyOf({ reference, fingerprint }: HeldKey, epoch: number): Promise<ApiKey> {
    const { configured, store } = this.#options;
    if (reference === CONFIGURED) {
      const key = await configured.refresh();
      return epoch === 0 ? key : { ...key, version: `epoch ${epoch} (${key.version})`, epoch };
    }
    const value = await store.reveal(reference);
    if (store.fingerprint(value) !== fingerprint) {
      throw new SecretUnavailable(
        `secret ${reference}: it holds another key than the one that was promoted (fingerprint ${fingerprint}); put that back, or rotate to a new reference`,
      );
    }
    return { value, version: `epoch ${epoch} (${reference})`, epoch };
  }

  async #confirm(): Promise<void> {
    const { workerId, tellRing } = this.#options;
    const { ring, key } = this.#seen ?? {};
    if (!ring?.overlap || ring.confirmed.includes(workerId) || key?.epoch !== ring.epoch) return;
    // Whoever was handed the older key a moment ago has begun to use it by then.
    await nextTurn();
    if (!this.#inUse.hasOlderThan(ring.epoch)) await tellRing('confirmEpoch', ring.epoch);
  }

  async #previous(): Promise<ApiKey | undefined> {
    const { ring, key } = this.#seen ?? {};
    if (!ring?.overlap || !ring.previous || key?.epoch !== ring.epoch) return undefined;
    return this.#keyOf(ring.previous, ring.epoch - 1).catch(() => undefined);
  }

  async #reportRefused({ epoch, version }: ApiKey): Promise<void> {
    const { warn, tellRing } = this.#options;
    if (epoch === undefined || this.#reported.has(epoch)) return;
    this.#reported.add(epoch);
    warn(`The API key ${version} was refused what the one before it was granted`);
    await tellRing('reportRefused', epoch).catch(() => this.#reported.delete(epoch));
  }
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  const timer = new AbortController();
  const tooLate = delay(ms, undefined, { signal: timer.signal, ref: false }).then(() => {
    throw new KeyRingUnreachable(`the key ring could not be read within ${ms / 1000} s`);
  });
  try {
    return await Promise.race([work, tooLate]);
  } finally {
    timer.abort();
  }
}
