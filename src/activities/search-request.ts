import { cancellationSignal } from '@temporalio/activity';
import type { z } from 'zod';
import { AlgoliaError } from '../algolia/algolia-error.ts';
import type { AlgoliaClient } from '../algolia/client.ts';
import { searchApi, type SearchApi } from '../operations/search-api.ts';
import type { ApiKeys } from '../secrets/api-keys.ts';
import { attempt } from './attempt.ts';
import { withFreshKey } from './with-fresh-key.ts';

/** The calls that have to do with indices, and the ACL that Algolia asks for each. */
const ACLS = {
  listIndices: 'listIndexes',
  operationIndex: 'addObject',
  getIndexTask: 'addObject',
  deleteIndex: 'deleteIndex',
  searchSingleIndex: 'search',
} as const satisfies { readonly [N in keyof SearchApi]?: string };

type IndexCall = keyof typeof ACLS;

export interface SearchRequestOptions {
  /** The call may be sent again although its row says `once`: this use of it is the same twice. */
  readonly repeatable?: true;
  readonly writeBefore?: number;
}

export type SearchRequest = <N extends IndexCall>(
  name: N,
  input: z.input<SearchApi[N]['input']>,
  options?: SearchRequestOptions,
) => Promise<z.output<SearchApi[N]['response']>>;

/** One call of the Search API with the key that the Ingestion API is called with. A refusal says which ACL the key needs. */
export function createSearchRequest(client: AlgoliaClient, keys: ApiKeys): SearchRequest {
  return async (name, input, { repeatable, writeBefore } = {}) => {
    const row = searchApi[name];
    try {
      return (await withFreshKey(keys, ({ apiKey }) =>
        client.send(name, repeatable ? { ...row, effect: 'idempotent' } : row, input as never, {
          apiKey,
          signal: cancellationSignal(),
          ...(writeBefore === undefined ? {} : { writeBefore }),
        }),
      )) as never;
    } catch (error) {
      throw explainRefusal(name, input, error);
    }
  };
}

function explainRefusal(name: IndexCall, input: object, error: unknown): unknown {
  if (!(error instanceof AlgoliaError && error.type === 'AlgoliaAuth')) return error;
  const index = 'indexName' in input ? ` and may use the index '${String(input.indexName)}'` : '';
  const needed = `this call of the Search API needs a key that has the ACL '${ACLS[name]}'${index}`;
  return new AlgoliaError(error.type, `${error.message}: ${needed}`, error.details, error);
}

/** An activity on indices. */
export function indexActivity<I extends object, R>(work: (input: I) => Promise<R>): (input: I) => Promise<R> {
  return (input) => attempt(() => work(input));
}
