import { DefaultFailureConverter } from '@temporalio/common';

/**
 * Puts a failure's message and stack trace into a payload, where the codec encrypts them; only the failure's `type` stays
 * readable. Loaded by path, here and into the workflow bundle, and only where there is a codec.
 */
export const failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true });
