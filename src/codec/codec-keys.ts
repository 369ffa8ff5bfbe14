import { createSecretKey, type KeyObject } from 'node:crypto';
import { z } from 'zod';

/** One of the keys that payloads are encrypted with. The id stands in every payload, in the clear. */
export interface CodecKey {
  readonly id: string;
  readonly key: KeyObject;
}

const KEY_BYTES = 32;
const ID = /^[\w.-]{1,64}$/;
const BASE64 = /^[A-Za-z0-9+/_-]{43}=?$/;

/** `id:key,id2:key2`, each key 32 bytes in base64: the first encrypts, all decrypt. The messages repeat nothing of it. */
export const codecKeys = z.string().transform((text, ctx): readonly CodecKey[] => {
  const keys = new Map<string, CodecKey>();
  for (const [index, entry] of text.split(',').entries()) {
    const refuse = (why: string) => ctx.addIssue({ code: 'custom', message: `key ${index + 1}: ${why}` });
    const [id = '', encoded = '', ...rest] = entry.trim().split(':');
    if (!ID.test(id) || rest.length > 0)
      refuse('expected id:key, the id of up to 64 letters, digits, dots, _ and -; keys are separated by commas');
    else if (keys.has(id)) refuse('an earlier key has the same id');
    else if (!BASE64.test(encoded))
      refuse(`expected ${KEY_BYTES} bytes in base64, as \`openssl rand -base64 ${KEY_BYTES}\` prints them`);
    else keys.set(id, { id, key: createSecretKey(Buffer.from(encoded, 'base64')) });
  }
  return [...keys.values()];
});
