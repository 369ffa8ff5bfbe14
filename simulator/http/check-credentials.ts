import type { IncomingHttpHeaders } from 'node:http';
import { allowsIndex, type ApiKey } from '../search/api-key.ts';
import type { World } from '../world.ts';
import { ApiError } from './api-error.ts';

export interface Credentials {
  readonly applicationId: string | undefined;
  readonly apiKey: string | undefined;
}

/** From the headers or, as browsers send them, from the query. */
export function readCredentials(headers: IncomingHttpHeaders, query: URLSearchParams): Credentials {
  const read = (name: string) => {
    const value = headers[name] ?? query.get(name);
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  return { applicationId: read('x-algolia-application-id'), apiKey: read('x-algolia-api-key') };
}

/** The key, if it exists, may be used now and has every right in `acl`. */
export function checkCredentials(world: World, { applicationId, apiKey }: Credentials, acl: readonly string[]): ApiKey {
  if (applicationId === undefined || apiKey === undefined) throw refusal(401, 'Missing Application-ID or API key');
  const key = world.keys.get(apiKey);
  if (applicationId !== world.applicationId || !key || !world.keys.isUsable(key))
    throw refusal(403, 'Invalid Application-ID or API key');
  if (!acl.every((right) => key.acl.includes(right))) throw refusal(403, 'Method not allowed with this API key');
  return key;
}

export function checkIndexAllowed(key: ApiKey, indexName: string): void {
  if (!allowsIndex(key, indexName)) throw refusal(403, 'Index not allowed with this API key');
}

const refusal = (status: number, message: string) => new ApiError(status, message, { status });
