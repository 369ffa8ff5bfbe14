import { cancellationSignal } from '@temporalio/activity';
import { AlgoliaError } from '../algolia/algolia-error.ts';
import type { AlgoliaClient } from '../algolia/client.ts';
import type { HeldKey } from '../secrets/key-ring-state.ts';
import type { KeyStore } from '../secrets/key-store.ts';
import { heartbeating } from './attempt.ts';
import { assertUnchanged } from './key-comparison.ts';
import { toFailure } from './to-failure.ts';

/** Being refused is an answer; not being answered isn't. */
export type Probe = { readonly accepted: true } | { readonly accepted: false; readonly why: string };

/** Sends one read with a key. Every operation of the Ingestion API asks for the same three rights, so one proves them all. */
export function createProbeKey(client: AlgoliaClient, store: KeyStore) {
  return async function probeKey(key: HeldKey): Promise<Probe> {
    const signal = cancellationSignal();
    try {
      const apiKey = await store.reveal(key.reference);
      assertUnchanged(key, store.fingerprint(apiKey));
      await heartbeating(() => client.call('listTasks', { itemsPerPage: 1 }, { apiKey, signal }));
      return { accepted: true };
    } catch (error) {
      if (error instanceof AlgoliaError && error.type === 'AlgoliaAuth') return { accepted: false, why: error.message };
      throw toFailure(error);
    }
  };
}
