import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { configuredApiKeys } from '../../src/secrets/api-keys.ts';
import { createFingerprint } from '../../src/secrets/fingerprint.ts';
import { KeyRing, KeyRingUnreachable } from '../../src/secrets/key-ring.ts';
import { firstRing, type KeyRingState } from '../../src/secrets/key-ring-state.ts';
import { createKeyStore } from '../../src/secrets/key-store.ts';
import { createScrubber } from '../../src/secrets/scrubber.ts';
import { createSecretFiles } from '../../src/secrets/secret-files.ts';
import { createSecretStore } from '../../src/secrets/secret-store.ts';

const fingerprint = createFingerprint({ applicationId: 'APP1' });
const V8 = { reference: 'file:v8', fingerprint: fingerprint('key-v8') };
const CONFIGURED_KEY = { reference: 'configured', fingerprint: fingerprint('configured-key') };

let directory: string;
/** What Temporal says: a ring, none, or nothing at all. */
let ring: KeyRingState | undefined | Error;
let reads: number;
let told: [signal: string, epoch: number][];
let warnings: string[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'key-ring-'));
  writeFileSync(join(directory, 'v8'), 'key-v8\n');
  ring = undefined;
  reads = 0;
  told = [];
  warnings = [];
  vi.useFakeTimers({ toFake: ['Date'] });
});
afterEach(() => {
  vi.useRealTimers();
  rmSync(directory, { recursive: true });
});

const after = (change: Partial<KeyRingState>): KeyRingState => ({
  ...firstRing,
  epoch: 1,
  current: V8,
  previous: CONFIGURED_KEY,
  ...change,
});

function start(): KeyRing {
  const scrubber = createScrubber();
  const configured = configuredApiKeys({ value: 'configured-key' }, scrubber);
  const store = createKeyStore({
    secrets: createSecretStore({ variables: {}, directory, scrubber }),
    files: createSecretFiles(directory),
    configured,
    fingerprint,
    learn: scrubber.learn,
  });
  return new KeyRing({
    workerId: 'w1',
    configured,
    store,
    readRing: async () => {
      reads += 1;
      if (ring instanceof Error) throw ring;
      return ring;
    },
    tellRing: async (signal, epoch) => void told.push([signal, epoch]),
    warn: (message) => void warnings.push(message),
  });
}

/** One look at the ring, as a worker takes every few seconds. */
async function look(keys: KeyRing): Promise<void> {
  const stop = new AbortController();
  const before = reads;
  const watching = keys.watch(stop.signal);
  await vi.waitFor(() => expect(reads).toBeGreaterThan(before), { timeout: 150_000, interval: 1 });
  for (let turn = 0; turn < 5; turn += 1) await nextTurn();
  // A worker that stops confirms a last time; here nothing is to be told any more.
  ring = ring instanceof Error || !ring ? ring : { ...ring, overlap: false };
  stop.abort();
  await watching;
}

describe('which key counts', () => {
  test('is the configured one as long as there is no ring', async () => {
    expect(await start().current()).toEqual({ value: 'configured-key', version: 'env' });
  });

  test('is the one that the ring names, with its epoch', async () => {
    ring = after({ epoch: 3 });
    expect(await start().current()).toEqual({ value: 'key-v8', version: 'epoch 3 (file:v8)', epoch: 3 });
  });

  test('is the configured one again after a rollback to it', async () => {
    ring = after({ epoch: 2, current: CONFIGURED_KEY });
    expect(await start().current()).toEqual({ value: 'configured-key', version: 'epoch 2 (env)', epoch: 2 });
  });

  test('is taken for known for fifteen seconds', async () => {
    const keys = start();
    await keys.current();
    ring = after({});
    vi.advanceTimersByTime(14_999);
    expect((await keys.current()).value).toBe('configured-key');
    vi.advanceTimersByTime(1);
    expect((await keys.current()).value).toBe('key-v8');
  });

  test('is asked anew when a key was refused', async () => {
    const keys = start();
    await keys.current();
    ring = after({});
    expect((await keys.refresh()).value).toBe('key-v8');
  });

  test('is asked once, however many want to know at the same time', async () => {
    const keys = start();
    await Promise.all(Array.from({ length: 20 }, () => keys.current()));
    expect(reads).toBe(1);
  });
});

describe('what cannot be read', () => {
  test('leaves the last good key in use, and is tried again after five seconds', async () => {
    ring = after({});
    const keys = start();
    await keys.current();
    ring = new KeyRingUnreachable('Temporal does not answer');
    vi.advanceTimersByTime(60_000);
    expect((await keys.current()).value).toBe('key-v8');
    expect((await keys.current()).value).toBe('key-v8');
    expect(reads).toBe(2);
    ring = after({ epoch: 2, current: CONFIGURED_KEY });
    vi.advanceTimersByTime(5_000);
    expect((await keys.current()).value).toBe('configured-key');
    expect(warnings).toEqual(['The API key stays epoch 1 (file:v8): Temporal does not answer']);
  });

  test('is a ring that has been deleted: the configured key may be long revoked', async () => {
    ring = after({});
    const keys = start();
    await keys.current();
    ring = undefined;
    expect((await keys.refresh()).value).toBe('key-v8');
    expect(warnings[0]).toContain('the key ring is gone');
  });

  test('is an error where there is no last good key: the configured one may be long revoked', async () => {
    ring = new KeyRingUnreachable('Temporal does not answer');
    await expect(start().current()).rejects.toThrow(KeyRingUnreachable);
  });

  test('keeps the last good key when this worker does not have the new secret, and does not confirm', async () => {
    const keys = start();
    await keys.current();
    ring = after({ current: { reference: 'file:elsewhere', fingerprint: '00000000' }, overlap: true });
    expect((await keys.refresh()).value).toBe('configured-key');
    await look(keys);
    expect(told).toEqual([]);
    expect(warnings).toEqual(['The API key stays env: secret file:elsewhere: there is no such file below SECRETS_DIR']);
  });

  test('is also a secret that holds another key than was promoted', async () => {
    ring = after({});
    writeFileSync(join(directory, 'v8'), 'some-other-key');
    await expect(start().current()).rejects.toThrow(
      `secret file:v8: it holds another key than the one that was promoted (fingerprint ${V8.fingerprint})`,
    );
  });
});

describe('a worker confirms the new key', () => {
  test('once it has it, and nothing else is in use', async () => {
    const keys = start();
    await keys.current();
    ring = after({ overlap: true });
    await look(keys);
    expect(told).toContainEqual(['confirmEpoch', 1]);
  });

  test('not while a request with an older key is under way', async () => {
    const keys = start();
    const old = await keys.current();
    let finish = (): void => undefined;
    const request = keys.rotation.track(old, () => new Promise<void>((resolve) => (finish = resolve)));
    ring = after({ overlap: true });
    await look(keys);
    expect(told).toEqual([]);
    finish();
    await request;
    ring = after({ overlap: true });
    await look(keys);
    expect(told).toContainEqual(['confirmEpoch', 1]);
  });

  test('not when the ring knows it already, nor when nobody asks', async () => {
    ring = after({ overlap: true, confirmed: ['w1'] });
    const keys = start();
    await look(keys);
    ring = after({ overlap: false });
    await look(keys);
    expect(told).toEqual([]);
  });
});

describe('the key before the current one', () => {
  test('counts during the overlap', async () => {
    ring = after({ overlap: true });
    const keys = start();
    await keys.current();
    expect(await keys.rotation.previous()).toMatchObject({ value: 'configured-key' });
  });

  test('does not count after it', async () => {
    ring = after({ overlap: false });
    const keys = start();
    await keys.current();
    expect(await keys.rotation.previous()).toBeUndefined();
  });

  test('being granted what the current one is not is told once', async () => {
    ring = after({ overlap: true });
    const keys = start();
    const key = await keys.current();
    await keys.rotation.reportRefused(key);
    await keys.rotation.reportRefused(key);
    expect(told).toEqual([['reportRefused', 1]]);
  });
});
