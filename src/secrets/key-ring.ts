import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import type { ApiKey, ApiKeys } from './api-keys.ts';
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

/** The keys that the ring's references stand for. */
export interface KeyRing extends ApiKeys {
  /** Follows the ring, and confirms to it when no older key is in use, until the signal is aborted. */
  watch(signal: AbortSignal): Promise<void>;
  /** Why the key in hand may not be the one that counts; undefined while all is well. Names references, no values. */
  trouble(): string | undefined;
  /** What was last read of the ring, times in ms; undefined if it never could be. Epoch 0: there is none. */
  seen(): { readonly epoch: number; readonly changedAt?: number; readonly readAt: number } | undefined;
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
export function createKeyRing({ workerId, readRing, tellRing, configured, store, warn }: KeyRingOptions): KeyRing {
  let seen: Seen | undefined;
  let reading: Promise<Seen> | undefined;
  let failedAt = 0;
  let lastWarning = '';
  const inUse = new Map<number, number>();
  const reported = new Set<number>();

  const keyOf = async (held: HeldKey, epoch: number): Promise<ApiKey> => {
    if (held.reference === CONFIGURED) {
      const key = await configured.refresh();
      return epoch === 0 ? key : { ...key, version: `epoch ${epoch} (${key.version})`, epoch };
    }
    const value = await store.reveal(held.reference);
    if (store.fingerprint(value) !== held.fingerprint) {
      throw new SecretUnavailable(
        `secret ${held.reference}: it holds another key than the one that was promoted (fingerprint ${held.fingerprint}); put that back, or rotate to a new reference`,
      );
    }
    return { value, version: `epoch ${epoch} (${held.reference})`, epoch };
  };
  const readOnce = async (): Promise<Seen> => {
    const readAt = Date.now();
    try {
      const ring = await within(READ_TIMEOUT_MS, readRing());
      // Terminated rings keep their memo for days; one that is gone without a trace was deleted, and the configured key may be long revoked.
      if (!ring && seen?.ring)
        throw new KeyRingUnreachable('the key ring is gone; restart this worker to go by its own configuration again');
      const key = ring ? await keyOf(ring.current, ring.epoch) : await configured.refresh();
      failedAt = 0;
      lastWarning = '';
      seen = { ring, key, readAt };
    } catch (error) {
      if (!seen) throw error;
      failedAt = Date.now();
      const why = error instanceof Error ? error.message : String(error);
      if (why !== lastWarning) warn(`The API key stays ${seen.key.version}: ${why}`);
      lastWarning = why;
    }
    return seen;
  };
  const read = () =>
    (reading ??= readOnce().finally(() => {
      reading = undefined;
    }));
  const isFresh = ({ readAt }: Seen) => Date.now() - readAt < CACHE_MS || Date.now() - failedAt < RETRY_MS;

  const previous = async (): Promise<ApiKey | undefined> => {
    const ring = seen?.ring;
    if (!ring?.overlap || !ring.previous || seen?.key.epoch !== ring.epoch) return undefined;
    return keyOf(ring.previous, ring.epoch - 1).catch(() => undefined);
  };
  /** True once nothing is left for this worker to tell. */
  const confirm = async (): Promise<void> => {
    const { ring, key } = seen ?? {};
    if (!ring?.overlap || ring.confirmed.includes(workerId) || key?.epoch !== ring.epoch) return;
    // Whoever was handed the older key a moment ago has begun to use it by then.
    await nextTurn();
    if ([...inUse.keys()].every((epoch) => epoch >= ring.epoch)) await tellRing('confirmEpoch', ring.epoch);
  };
  const look = async () => {
    await read();
    await within(READ_TIMEOUT_MS, confirm());
  };

  return {
    current: async () => (seen && isFresh(seen) ? seen : await read()).key,
    // What is being read now may have been read before the key was refused.
    refresh: async () => (await (reading ? reading.then(read, read) : read())).key,
    trouble: () => lastWarning || undefined,
    seen: () => {
      const change = seen?.ring?.changes.at(-1);
      return (
        seen && {
          epoch: seen.ring?.epoch ?? 0,
          readAt: seen.readAt,
          ...(change ? { changedAt: Date.parse(change.at) } : {}),
        }
      );
    },
    async watch(signal) {
      while (!signal.aborted) {
        await look().catch(() => undefined);
        const pace = !seen?.ring ? 'none' : seen.ring.overlap || seen.ring.pending ? 'rotating' : 'ring';
        await delay(WATCH_MS[pace], undefined, { signal, ref: false }).catch(() => undefined);
      }
      // It has done its last work, so it uses no older key any more.
      if (seen?.ring?.overlap) await look().catch(() => undefined);
    },
    rotation: {
      previous,
      async track({ epoch = 0 }, work) {
        inUse.set(epoch, (inUse.get(epoch) ?? 0) + 1);
        try {
          return await work();
        } finally {
          const left = (inUse.get(epoch) ?? 1) - 1;
          if (left > 0) inUse.set(epoch, left);
          else inUse.delete(epoch);
        }
      },
      async reportRefused({ epoch, version }) {
        if (epoch === undefined || reported.has(epoch)) return;
        reported.add(epoch);
        warn(`The API key ${version} was refused what the one before it was granted`);
        await tellRing('reportRefused', epoch).catch(() => reported.delete(epoch));
      },
    },
  };
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
