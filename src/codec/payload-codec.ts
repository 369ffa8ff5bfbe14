import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { Payload, PayloadCodec } from '@temporalio/common';
import proto from '@temporalio/proto';
import type { CodecKey } from './codec-keys.ts';
import { ENCRYPTED } from './payload-converter.ts';

const CIPHER = 'aes-256-gcm';
/** What GCM is specified for. Random ones are good for about four billion payloads a key. */
const IV_BYTES = 12;
const TAG_BYTES = 16;
const MAX_ID_SHOWN = 64;

const ProtoPayload = proto.temporal.api.common.v1.Payload;
const bytes = (text: string) => new TextEncoder().encode(text);
const ENCODING_BYTES = bytes(ENCRYPTED);
const CIPHER_BYTES = bytes('AES-256-GCM');

/** A payload can't be read with the keys at hand. The message names key ids, never a key and never a value. */
export class CodecError extends Error {
  override readonly name = 'CodecError';
}

/**
 * Encrypts whole payloads, their metadata included, with the first key; decrypts with whichever key a payload names.
 * What is not encrypted passes as it is, so that encryption can be turned on while workflows run. Without a key it only
 * says what is missing.
 */
export function createPayloadCodec(keys: readonly CodecKey[]): PayloadCodec {
  const byId = new Map(keys.map((key) => [key.id, key]));
  const [first] = keys;
  return {
    encode: async (payloads) => (first ? payloads.map((payload) => encrypt(payload, first)) : payloads),
    decode: async (payloads) =>
      payloads.map((payload) => (isEncrypted(payload) ? decrypt(payload, keyOf(payload, byId)) : payload)),
  };
}

/** iv, ciphertext and tag in a row; the key's id is authenticated with them. */
function encrypt(payload: Payload, { id, key }: CodecKey): Payload {
  const iv = randomBytes(IV_BYTES);
  const keyId = bytes(id);
  const cipher = createCipheriv(CIPHER, key, iv).setAAD(keyId);
  const data = [cipher.update(ProtoPayload.encode(payload).finish()), cipher.final()];
  return {
    metadata: { encoding: ENCODING_BYTES, 'encryption-cipher': CIPHER_BYTES, 'encryption-key-id': keyId },
    data: Buffer.concat([iv, ...data, cipher.getAuthTag()]),
  };
}

function decrypt(payload: Payload, { id, key }: CodecKey): Payload {
  const data = payload.data ?? new Uint8Array();
  try {
    const decipher = createDecipheriv(CIPHER, key, data.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES })
      .setAAD(bytes(id))
      .setAuthTag(data.subarray(-TAG_BYTES));
    const plain = [decipher.update(data.subarray(IV_BYTES, -TAG_BYTES)), decipher.final()];
    return ProtoPayload.decode(Buffer.concat(plain));
  } catch (cause) {
    throw new CodecError(
      `a payload encrypted with the key '${id}' doesn't decrypt with it: either the payload was altered, or TEMPORAL_CODEC_KEYS has another key under that id`,
      { cause },
    );
  }
}

const isEncrypted = ({ metadata }: Payload) => textOf(metadata?.encoding) === ENCRYPTED;
const textOf = (value: Uint8Array | null | undefined) => (value ? Buffer.from(value).toString() : '');

function keyOf({ metadata }: Payload, keys: ReadonlyMap<string, CodecKey>): CodecKey {
  const id = textOf(metadata?.['encryption-key-id']);
  const key = keys.get(id);
  if (key) return key;
  const held = keys.size === 0 ? 'is not set' : `holds ${[...keys.keys()].join(', ')} only`;
  throw new CodecError(
    `a payload is encrypted with the key '${id.slice(0, MAX_ID_SHOWN)}', but TEMPORAL_CODEC_KEYS ${held}`,
  );
}
