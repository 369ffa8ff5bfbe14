import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

/**
 * The traps of Algolia's Ingestion API and of its official client, one by one: 12 things to do better (§12), 30 gotchas (§13).
 * Each has a test whose title begins with its number, in the file named here, or a reason why there is nothing to test.
 */
const CLIENT = 'algolia/client.test.ts';
const SEND = 'algolia/send.test.ts';
const ANSWERS = 'algolia/read-answer.test.ts';
const OFFICIAL = 'algolia/official-client.test.ts';
const TABLE = 'operations/operations.test.ts';
const REQUESTS = 'operations/requests.test.ts';
const ACTIVITIES = 'activities/operation-activities.test.ts';

const traps: Record<string, { trap: string } & ({ tests: string[] } | { because: string })> = {
  '§12.1': { trap: 'answers checked strictly', tests: [ANSWERS] },
  '§12.2': {
    trap: 'retries inside of retries, and errors that carry the request',
    tests: [SEND, ANSWERS, CLIENT, ACTIVITIES],
  },
  '§12.3': { trap: 'an ambiguous failure taken for a definite one', tests: [SEND, ANSWERS, TABLE, ACTIVITIES] },
  '§12.4': { trap: 'timeouts that are not what they are called', tests: [SEND, TABLE] },
  '§12.5': { trap: 'calls that cannot be cancelled', tests: [SEND, ACTIVITIES] },
  '§12.6': { trap: 'secrets in histories', tests: [CLIENT, REQUESTS, ACTIVITIES] },
  '§12.7': {
    trap: 'records in histories',
    because:
      'these activities take what the official methods take; files of records are for an activity that pushes a file',
  },
  '§12.8': {
    trap: 'chunkedPush, which takes a failed event for a success',
    because: 'it is no HTTP operation, so the table has none of it: pushing many records is for a workflow',
  },
  '§12.9': { trap: 'gzip, redirects, User-Agent, content type, length', tests: [SEND, ANSWERS, CLIENT] },
  '§12.10': { trap: 'ids that leave the path, and the word null', tests: [OFFICIAL, REQUESTS] },
  '§12.11': {
    trap: 'no limit of requests per application',
    because:
      "a 429 sets the next attempt's time (§12.2); a limit is Temporal's, per task queue, and a task queue serves one application",
  },
  '§12.12': { trap: 'deletes that find nothing, or something in use', tests: [ANSWERS, ACTIVITIES] },
  '§13.1': { trap: 'an OpenAPI 3.0 document with 3.1 syntax', because: 'nothing is generated from it' },
  '§13.2': { trap: 'credentials that fit several schemas, and come back null', tests: [REQUESTS, ANSWERS] },
  '§13.3': { trap: 'a Shopify source that its own schema rejects', tests: [REQUESTS] },
  '§13.4': { trap: 'inputs that no shape tells apart', tests: [REQUESTS] },
  '§13.5': { trap: 'updates of sources: no BigCommerce, and whole inputs again', tests: [REQUESTS] },
  '§13.6': { trap: 'closed schemas that are not closed', tests: [REQUESTS] },
  '§13.7': { trap: 'nulls where none are declared', tests: [ANSWERS, REQUESTS] },
  '§13.8': { trap: 'ids that are no UUIDs', tests: [REQUESTS] },
  '§13.9': { trap: 'statuses that are not documented', tests: [ANSWERS] },
  '§13.10': {
    trap: 'reads that need a key which may write',
    because: 'a key is what the worker is given; one that lacks a right is answered 403, which is AlgoliaAuth (§12.2)',
  },
  '§13.11': { trap: 'client helpers that look like operations', tests: [TABLE] },
  '§13.12': { trap: 'tasks under /2, all else under /1', tests: [TABLE] },
  '§13.13': { trap: 'methods that only the prose knows', tests: [TABLE] },
  '§13.14': { trap: 'PATCH here, PUT there', tests: [TABLE] },
  '§13.15': { trap: 'members that an update cannot change', tests: [REQUESTS] },
  '§13.16': { trap: 'triggers, and a cron that cannot be removed', tests: [REQUESTS] },
  '§13.17': { trap: 'two vocabularies called action', tests: [REQUESTS] },
  '§13.18': { trap: 'filters of singular names with lists', tests: [REQUESTS] },
  '§13.19': { trap: 'a filter with one value, a sort by what is not there', tests: [REQUESTS] },
  '§13.20': { trap: 'pages, windows, and searches that find less', tests: [REQUESTS, ANSWERS] },
  '§13.21': { trap: '200 without success', tests: [ANSWERS] },
  '§13.22': { trap: 'JSON in JSON', tests: [ANSWERS] },
  '§13.23': { trap: 'a transformation without code, or with two', tests: [REQUESTS] },
  '§13.24': { trap: 'an index name where none is used', tests: [REQUESTS] },
  '§13.25': { trap: 'limits that only prose states', tests: [REQUESTS] },
  '§13.26': { trap: 'a default that is stated for answers only', tests: [REQUESTS] },
  '§13.27': { trap: 'deletes that are refused', tests: [ANSWERS] },
  '§13.28': {
    trap: 'runMetadata that cannot be read back',
    because:
      'so it identifies nothing, and nothing here relies on it: a run whose start is in doubt is found by task and time',
  },
  '§13.29': { trap: 'a test vector for an operation that is gone', tests: [TABLE] },
  '§13.30': { trap: 'which operations are slow', tests: [TABLE] },
};

const numbers = [
  ...Array.from({ length: 12 }, (_, index) => `§12.${index + 1}`),
  ...Array.from({ length: 30 }, (_, index) => `§13.${index + 1}`),
];

test('the table has every trap', () => {
  expect(Object.keys(traps)).toEqual(numbers);
});

/** The numbers that the titles of a file's tests begin with. */
function testedIn(file: string): string[] {
  const source = readFileSync(new URL(`../${file}`, import.meta.url), 'utf8');
  return [...source.matchAll(/['"`]((?:§\d+\.\d+(?:, |: ))+)/g)].flatMap(
    ([, title]) => title?.match(/§\d+\.\d+/g) ?? [],
  );
}

const tested = Object.entries(traps).flatMap(([number, entry]) =>
  'tests' in entry ? entry.tests.map((file) => [number, entry.trap, file] as const) : [],
);
const declined = Object.entries(traps).flatMap(([number, entry]) =>
  'because' in entry ? [[number, entry.trap, entry.because] as const] : [],
);

test.each(tested)('%s (%s) is tested in %s', (number, _, file) => {
  expect(testedIn(file)).toContain(number);
});

test.each(declined)('%s (%s) is not, because %s', (number) => {
  expect(
    [CLIENT, SEND, ANSWERS, OFFICIAL, TABLE, REQUESTS, ACTIVITIES].filter((file) => testedIn(file).includes(number)),
  ).toEqual([]);
});

test('no test claims a trap that its file is not listed for', () => {
  const listed = tested.map(([number, , file]) => `${number} ${file}`);
  const claimed = [...new Set(tested.map(([, , file]) => file))].flatMap((file) =>
    testedIn(file).map((number) => `${number} ${file}`),
  );
  expect(claimed.filter((claim) => !listed.includes(claim))).toEqual([]);
});
