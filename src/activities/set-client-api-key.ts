import { activityInfo, Context } from '@temporalio/activity';
import { AlgoliaError } from '../algolia/algolia-error.ts';
import { asSentence, describeIssues } from '../algolia/check-input.ts';
import { parseWorded } from '../algolia/wording.ts';
import { clientOperations, type ClientInputOf } from '../operations/client-side.ts';
import type { ApiKeys } from '../secrets/api-keys.ts';
import { firstRing, type HeldKey } from '../secrets/key-ring-state.ts';
import type { KeyStore } from '../secrets/key-store.ts';
import { readKeyRing } from '../secrets/read-key-ring.ts';
import type { TurnKeyRing } from './key-ring-turns.ts';
import { toFailure } from './to-failure.ts';

/** Whoever turns the ring at the same time wins; after so many of them something is wrong. */
const MAX_TRIES = 5;

export interface SetClientApiKeyOptions {
  readonly applicationId: string;
  readonly keys: ApiKeys;
  readonly store: KeyStore;
  readonly turnKeyRing: TurnKeyRing;
}

/**
 * Switches the key of every worker, within 15 s: the raw operation, without probe, approval, overlap or way back.
 * `rotateApiKey` has all of these.
 */
export function createSetClientApiKey({ applicationId, keys, store, turnKeyRing }: SetClientApiKeyOptions) {
  return async function setClientApiKey(
    input: ClientInputOf<'setClientApiKey'>,
  ): Promise<Required<HeldKey> & { readonly epoch: number }> {
    const { workflowExecution, activityId } = activityInfo();
    try {
      const { reference } = readInput(input);
      const fingerprint = store.fingerprint(await store.reveal(reference));
      let why = '';
      for (let attempt = 1; attempt <= MAX_TRIES; attempt += 1) {
        const { epoch, current } = (await readKeyRing(Context.current().client, applicationId)) ?? firstRing;
        if (current.reference === reference && current.fingerprint === fingerprint)
          return { reference, fingerprint, epoch };
        const { ring, refused } = await turnKeyRing({
          turn: 'promote',
          toReference: reference,
          fingerprint,
          expectEpoch: epoch,
          by: `setClientApiKey of ${workflowExecution?.workflowId ?? activityId}`,
        });
        if (refused === undefined) {
          await keys.refresh();
          return { reference, fingerprint, epoch: ring.epoch };
        }
        why = refused;
      }
      throw new AlgoliaError('AlgoliaUnavailable', `setClientApiKey: nothing was changed: ${why}`, {
        operation: 'setClientApiKey',
      });
    } catch (error) {
      throw toFailure(error);
    }
  };
}

function readInput(input: unknown): { reference: string } {
  const parsed = parseWorded(clientOperations.setClientApiKey.input, input);
  if (parsed.success) return parsed.data.apiKey;
  throw new AlgoliaError(
    'AlgoliaInvalid',
    `setClientApiKey: ${asSentence(describeIssues(parsed.error.issues, 'input'))} Nothing was changed.`,
    { operation: 'setClientApiKey' },
  );
}
