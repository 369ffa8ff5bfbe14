import { randomBytes } from 'node:crypto';
import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import { expect, test } from 'vitest';
import { codecKeys } from '../../src/codec/codec-keys.ts';
import { createPayloadCodec } from '../../src/codec/payload-codec.ts';
import { ConfigError, loadCliConfig } from '../../src/config.ts';

const key = (id: string) => `${id}:${randomBytes(32).toString('base64')}`;
const [k1, k2] = [key('k1'), key('k2')];
const codecOf = (keys: string) => createPayloadCodec(codecKeys.parse(keys));
const payloadOf = (value: unknown): Payload => defaultPayloadConverter.toPayload(value);
const valueOf = (payload: Payload | undefined) => defaultPayloadConverter.fromPayload(payload as Payload);

const VALUES = [
  { price: 1, name: 'Café ☕', nested: [null, true, { deep: '' }] },
  'text',
  null,
  undefined,
  new Uint8Array([0, 255, 1]),
  'x'.repeat(1_000_000),
];

test('whatever a payload holds comes back, its metadata included', async () => {
  const codec = codecOf(k1);
  const payloads = VALUES.map(payloadOf);
  const encoded = await codec.encode(payloads);
  const decoded = await codec.decode(encoded);
  expect(decoded.map(valueOf)).toEqual(payloads.map(valueOf));
  expect(decoded.map(({ metadata }) => Buffer.from(metadata?.encoding ?? []).toString())).toEqual(
    payloads.map(({ metadata }) => Buffer.from(metadata?.encoding ?? []).toString()),
  );
});

test('nothing of it can be read, and equal payloads do not look equal', async () => {
  const encoded = await codecOf(k1).encode([payloadOf('marker'), payloadOf('marker')]);
  for (const { metadata, data } of encoded) {
    expect(Buffer.from(data ?? []).includes('marker')).toBe(false);
    expect(Object.keys(metadata ?? {})).toEqual(['encoding', 'encryption-cipher', 'encryption-key-id']);
    expect(Buffer.from(metadata?.['encryption-key-id'] ?? []).toString()).toBe('k1');
  }
  expect(encoded[0]?.data).not.toEqual(encoded[1]?.data);
});

test('the first key encrypts and all decrypt, so that keys can be rotated', async () => {
  const old = await codecOf(k1).encode([payloadOf('old')]);
  const rotating = codecOf(`${k2}, ${k1}`);
  const [fresh] = await rotating.encode([payloadOf('new')]);
  expect(Buffer.from(fresh?.metadata?.['encryption-key-id'] ?? []).toString()).toBe('k2');
  expect((await rotating.decode([...old, fresh as Payload])).map(valueOf)).toEqual(['old', 'new']);
});

test('what was stored before encryption was turned on is still read', async () => {
  expect((await codecOf(k1).decode([payloadOf('plain')])).map(valueOf)).toEqual(['plain']);
});

test('an unknown key is named, and so are those at hand', async () => {
  const encoded = await codecOf(k1).encode([payloadOf('x')]);
  await expect(codecOf(`${k2},${key('k3')}`).decode(encoded)).rejects.toThrow(
    "a payload is encrypted with the key 'k1', but TEMPORAL_CODEC_KEYS holds k2, k3 only",
  );
  await expect(createPayloadCodec([]).decode(encoded)).rejects.toThrow(
    "a payload is encrypted with the key 'k1', but TEMPORAL_CODEC_KEYS is not set",
  );
});

test('a payload that was altered in any byte is refused', async () => {
  const codec = codecOf(k1);
  const [encoded] = await codec.encode([payloadOf('x')]);
  const data = encoded?.data ?? new Uint8Array();
  for (let place = 0; place < data.length; place += 1) {
    const altered = Uint8Array.from(data, (byte, index) => (index === place ? byte ^ 1 : byte));
    await expect(codec.decode([{ ...encoded, data: altered }])).rejects.toThrow(/altered/);
  }
  for (const length of [0, 1, 11, 12, 27, 28, data.length - 1])
    await expect(codec.decode([{ ...encoded, data: data.subarray(0, length) }])).rejects.toThrow(/altered/);
});

test('another key under the same id is refused, and so is a payload passed off as of another key', async () => {
  const [encoded] = await codecOf(k1).encode([payloadOf('x')]);
  await expect(codecOf(key('k1')).decode([encoded as Payload])).rejects.toThrow(/another key under that id/);
  const sameKeyTwice = codecOf(`${k1},k9:${k1.slice(3)}`);
  const relabelled = { ...encoded, metadata: { ...encoded?.metadata, 'encryption-key-id': Buffer.from('k9') } };
  await expect(sameKeyTwice.decode([relabelled])).rejects.toThrow(/altered/);
});

test('without a key everything passes as it is', async () => {
  const payloads = [payloadOf('x')];
  expect(await createPayloadCodec([]).encode(payloads)).toEqual(payloads);
});

test('keys are checked when a process starts, and the message repeats none', () => {
  const secret = randomBytes(32).toString('base64');
  const wrong = {
    [secret]: 'key 1: expected id:key',
    [`k1:${secret}:x`]: 'key 1: expected id:key',
    [`k1:${secret.slice(0, 20)}`]: 'key 1: expected 32 bytes in base64',
    [`k1:${randomBytes(33).toString('base64')}`]: 'key 1: expected 32 bytes in base64',
    [`k1:${secret},k1:${secret}`]: 'key 2: an earlier key has the same id',
    [`k1:${secret},`]: 'key 2: expected id:key',
    [`k 1:${secret}`]: 'key 1: expected id:key',
  };
  for (const [text, message] of Object.entries(wrong)) {
    const load = () => loadCliConfig({ TEMPORAL_CODEC_KEYS: text });
    expect(load).toThrow(ConfigError);
    expect(load).toThrow(`TEMPORAL_CODEC_KEYS: ${message}`);
    expect(load).not.toThrow(secret.slice(0, 20));
  }
  expect(loadCliConfig({ TEMPORAL_CODEC_KEYS: '' }).codecKeys).toEqual([]);
  const [loaded] = loadCliConfig({ TEMPORAL_CODEC_KEYS: `k1:${secret}` }).codecKeys;
  expect(JSON.stringify(loaded)).not.toContain(secret);
});
