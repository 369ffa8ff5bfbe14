import { fileURLToPath } from 'node:url';
import type { DataConverter } from '@temporalio/common';
import type { CodecKey } from './codec-keys.ts';
import { createPayloadCodec } from './payload-codec.ts';

const besides = (name: string) =>
  fileURLToPath(new URL(`./${name}${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url));
const failureConverterPath = besides('failure-converter');
/** Of every worker, and of every bundle of its workflows. */
export const payloadConverterPath = besides('payload-converter');

/** How values become what Temporal stores: encrypted when there is a key, else as ever, but saying so when something encrypted is met. */
export function createDataConverter(keys: readonly CodecKey[]): DataConverter {
  const payloadCodecs = [createPayloadCodec(keys)];
  return keys.length === 0 ? { payloadCodecs } : { payloadCodecs, failureConverterPath };
}
