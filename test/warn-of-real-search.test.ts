import { expect, test } from 'vitest';
import { loadConfig } from '../src/config.ts';
import { warnOfRealSearch } from '../src/warn-of-real-search.ts';

function warnings(urls: Readonly<Record<string, string>>): string[] {
  const said: string[] = [];
  const ours = { ALGOLIA_APPLICATION_ID: 'SHOP', ALGOLIA_API_KEY: 'a-key', ALGOLIA_REGION: 'us' };
  const config = loadConfig({ ...ours, ...urls });
  warnOfRealSearch(config, { warn: (message) => void said.push(message) });
  return said;
}

const SIMULATOR = 'http://127.0.0.1:4000';

test('a worker that has its connectors on this machine and its indices at Algolia says so', () => {
  expect(warnings({ ALGOLIA_INGESTION_URL: SIMULATOR })).toEqual([
    'ALGOLIA_INGESTION_URL is on this machine, but indices and keys are those of https://shop.algolia.net: set ALGOLIA_SEARCH_URL if they should not be',
  ]);
});

test('one that has both in one place says nothing', () => {
  expect(warnings({})).toEqual([]);
  expect(warnings({ ALGOLIA_INGESTION_URL: SIMULATOR, ALGOLIA_SEARCH_URL: SIMULATOR })).toEqual([]);
  expect(warnings({ ALGOLIA_INGESTION_URL: 'https://proxy.example' })).toEqual([]);
});
