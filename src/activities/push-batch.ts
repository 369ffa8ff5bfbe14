import { AlgoliaError } from '../algolia/algolia-error.ts';
import type { AlgoliaClient, CallOptions } from '../algolia/client.ts';
import type { OutputOf } from '../operations/index.ts';
import { JsonText } from '../operations/operation.ts';
import { pushText, type PushAction } from '../operations/push.ts';
import type { Frame } from '../records/batch-records.ts';
import type { ApiKeys } from '../secrets/api-keys.ts';
import { withFreshKey } from './with-fresh-key.ts';

/** Where a batch goes. */
export type PushTarget =
  | { readonly indexName: string; readonly referenceIndexName?: string }
  | { readonly taskID: string };

/** What one attempt to push a batch came to. */
export type PushAttempt =
  | { readonly outcome: 'accepted'; readonly answer: OutputOf<'push'> }
  /** Never goes better: Algolia says why. */
  | { readonly outcome: 'refused'; readonly reason: string }
  /** May go better later. `sent`: it may have been taken all the same. */
  | { readonly outcome: 'later'; readonly sent: boolean; readonly retryAfterMs?: number; readonly reason: string };

/** `{"action":"…","records":[…]}`: what a push says around its records. */
export const pushFrame = (action: PushAction): Frame => ({
  open: `{"action":"${action}","records":[`,
  separator: ',',
  close: ']}',
});

/** What {@link pushFrame} adds at most. */
export const ENVELOPE_BYTES = 64;

/** Sends one batch once. Throws what concerns all batches: a key that is refused, a cancellation. */
export async function pushBatch(
  client: AlgoliaClient,
  keys: ApiKeys,
  target: PushTarget,
  body: Uint8Array,
  signal: AbortSignal,
): Promise<PushAttempt> {
  const pushTaskPayload = new JsonText(body);
  const send = (options: CallOptions) =>
    'taskID' in target
      ? client.send('pushTask', pushText.pushTask, { ...target, pushTaskPayload }, { signal, ...options })
      : client.send('push', pushText.push, { ...target, pushTaskPayload }, { signal, ...options });
  try {
    return { outcome: 'accepted', answer: await withFreshKey(keys, send) };
  } catch (error) {
    if (!(error instanceof AlgoliaError)) throw error;
    const { type, message, details } = error;
    switch (type) {
      case 'AlgoliaInvalid':
        return { outcome: 'refused', reason: message };
      case 'AlgoliaAuth':
        throw error;
      case 'AlgoliaRateLimited':
      case 'AlgoliaUnavailable':
      case 'AlgoliaAmbiguous': {
        const { retryAfterMs } = details;
        return {
          outcome: 'later',
          sent: type === 'AlgoliaAmbiguous',
          reason: message,
          ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
        };
      }
    }
  }
}
