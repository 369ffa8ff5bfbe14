import { DefaultPayloadConverter } from '@temporalio/common';
import { decode } from '@temporalio/common/lib/encoding.js';

/** How a payload says that it is encrypted. */
export const ENCRYPTED = 'binary/encrypted';
/** What the dialogs of the Web UI offer beside `json/plain`. It is JSON text too. */
const JSON_PROTOBUF = 'json/protobuf';
/** A value like any other that was sent: hence not a `string`. */
const UNREADABLE = JSON.parse('"not readable"');

/**
 * The SDK's own, but no workflow stumbles for ever over what somebody sent: an input or a signal that can't be read arrives as a
 * text that says so, which every check refuses. Only what is encrypted waits for a worker that has the key.
 * Loaded by path, here and into the workflow bundle; here by Node itself, so there are no types to be stripped in this file.
 */
export const payloadConverter = new DefaultPayloadConverter();
const read = payloadConverter.fromPayload.bind(payloadConverter);
payloadConverter.fromPayload = (payload, ...more) => {
  const encoding = payload.metadata?.encoding ? decode(payload.metadata.encoding) : '';
  try {
    return encoding === JSON_PROTOBUF && payload.data ? JSON.parse(decode(payload.data)) : read(payload, ...more);
  } catch (error) {
    if (encoding === ENCRYPTED) throw error;
    return UNREADABLE;
  }
};
