import { fc } from '../setup/fast-check.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AlgoliaError } from '../../src/algolia/algolia-error.ts';
import { buildRequest } from '../../src/algolia/build-request.ts';
import { checkInput } from '../../src/algolia/check-input.ts';
import type { AlgoliaClient } from '../../src/algolia/client.ts';
import { operationNames, operations } from '../../src/operations/index.ts';
import type { Operation } from '../../src/operations/operation.ts';
import { API_KEY, clientFor, startServer, type LoopbackServer } from './loopback.ts';

const HOST = 'http://127.0.0.1';
/** Whatever a person, a program or an attacker may put where an id belongs. */
const hostile = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom(
    '..',
    '.',
    '',
    ' ',
    '%2e%2e',
    '%2F',
    '../keys',
    '..\\..',
    'a/../../1/keys',
    'x?y=z',
    'x#y',
    '\r\nx-algolia-api-key: stolen',
    'a\u0000b',
    '$&',
    '$1',
    '{taskID}',
    '\ud800',
    'a\udc00b',
    '\u202egpj.exe',
    '__proto__',
    'constructor',
    'null',
    'undefined',
    '@127.0.0.1:9/',
    '//evil.example',
    'http://evil.example/',
    'ａ／ｂ',
  ),
);

/** The request, or why there is none. */
function requestOf(name: string, operation: Operation, input: unknown): { path: string } | { refused: unknown } {
  try {
    return buildRequest(operation, checkInput(name, operation, input));
  } catch (error) {
    return { refused: error };
  }
}

const isNoID = (id: string) => ['', '.', '..'].includes(id) || !id.isWellFormed();

/** What a server would make of it; or that it was refused by the one error, which says where. */
function stepsOf(request: ReturnType<typeof requestOf>) {
  if ('refused' in request) {
    const { type, message } = request.refused as AlgoliaError;
    return { refused: type, where: /input\.\w+ID: /.test(message) };
  }
  const { pathname, search, origin } = new URL(HOST + request.path);
  return { origin, search, steps: pathname.split('/').map(decodeURIComponent) };
}

/** The operations whose path is made of ids, and which need nothing else. */
const byID = operationNames
  .map((name) => [name, operations[name] as Operation] as const)
  .map(([name, operation]) => ({
    name,
    operation,
    ids: [...operation.path.matchAll(/\{(\w+ID)\}/g)].map(([, id]) => id as string),
  }))
  .filter(({ ids, operation }) => ids.length > 0 && operation.body.from === 'none');

test.each(byID)('$name: an id is one step of the path, or is refused', ({ name, operation, ids }) => {
  const template = operation.path.split('/');
  fc.assert(
    fc.property(fc.array(hostile, { minLength: ids.length, maxLength: ids.length }), (values) => {
      const input = Object.fromEntries(ids.map((id, place) => [id, values[place]]));
      expect(stepsOf(requestOf(name, operation, input))).toEqual(
        values.some(isNoID)
          ? { refused: 'AlgoliaInvalid', where: true }
          : {
              origin: HOST,
              search: '',
              steps: template.map((step) => (step.startsWith('{') ? input[step.slice(1, -1)] : step)),
            },
      );
    }),
    { numRuns: 300 },
  );
});

let server: LoopbackServer;
let client: AlgoliaClient;
beforeAll(async () => {
  server = await startServer();
  client = clientFor(server.origin);
});
afterAll(async () => {
  await client.close();
  await server.close();
});

/** zod takes this one out of every object, whoever put it in. */
const names = hostile.filter((name) => name !== '__proto__');

test('a name in a query arrives as it is, or is refused', async () => {
  await fc.assert(
    fc.asyncProperty(fc.dictionary(names, hostile, { maxKeys: 4 }), async (parameters) => {
      const before = server.requests.length;
      const came = await client.call('customGet', { path: '1/x', parameters }, { apiKey: API_KEY }).then(
        () => 'sent',
        (error: unknown) => (error as AlgoliaError).type,
      );
      const wellFormed = Object.entries(parameters).every((pair) => pair.every((text) => text.isWellFormed()));
      const received = server.requests.slice(before).map(({ path, query }) => ({
        path,
        parameters: Object.fromEntries(new URLSearchParams(query)),
      }));
      expect({ came, received }).toEqual(
        wellFormed
          ? { came: 'sent', received: [{ path: '/1/x', parameters: Object.fromEntries(Object.entries(parameters)) }] }
          : { came: 'AlgoliaInvalid', received: [] },
      );
    }),
    { numRuns: 300 },
  );
});

test('a body of any JSON arrives as it was given', async () => {
  await fc.assert(
    fc.asyncProperty(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue()), async (body) => {
      await client.call('customPost', { path: '1/anything', body }, { apiKey: API_KEY });
      const received = server.requests.at(-1);
      expect(JSON.stringify(received?.body)).toBe(JSON.stringify(body));
    }),
    { numRuns: 100, examples: [[JSON.parse('{"__proto__": {"a": 1}, "b": {"__proto__": 2}}')]] },
  );
});

test('no id makes a header, or a second request', async () => {
  await fc.assert(
    fc.asyncProperty(hostile, async (sourceID) => {
      const before = server.requests.length;
      // The answer is none of a delete's; what counts is what was sent.
      await client.call('deleteSource', { sourceID }, { apiKey: API_KEY }).catch(() => undefined);
      const received = server.requests.slice(before).map(({ method, path, query, headers }) => ({
        method,
        path: decodeURIComponent(path),
        query,
        key: headers['x-algolia-api-key'],
      }));
      expect(received).toEqual(
        isNoID(sourceID) ? [] : [{ method: 'DELETE', path: `/1/sources/${sourceID}`, query: '', key: API_KEY }],
      );
    }),
    { numRuns: 150 },
  );
});
