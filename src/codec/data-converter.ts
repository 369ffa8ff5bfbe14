import { fileURLToPath } from 'node:url';
import type { DataConverter } from '@temporalio/common';
import type { CodecKey } from './codec-keys.ts';
import { createPayloadCodec } from './payload-codec.ts';

const failureConverterPath = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? './failure-converter.ts' : './failure-converter.js', import.meta.url),
);

/** How values become what Temporal stores: encrypted when there is a key, else as ever, but saying so when something encrypted is met. */
export function createDataConverter(keys: readonly CodecKey[]): DataConverter {
  const payloadCodecs = [createPayloadCodec(keys)];
  return keys.length === 0 ? { payloadCodecs } : { payloadCodecs, failureConverterPath };
}
