import { ingestionClient, type IngestionClient } from '@algolia/ingestion';
import { fc } from '../setup/fast-check.ts';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { AlgoliaError } from '../../src/algolia/algolia-error.ts';
import type { AlgoliaClient } from '../../src/algolia/client.ts';
import { operationNames, type OperationName } from '../../src/operations/index.ts';
import { answerJson, API_KEY, clientFor, startServer, type LoopbackServer, type RecordedRequest } from './loopback.ts';
import { cases, type Case } from './operation-cases.ts';

/** Fits every operation's response but the searches', which take a list. */
const ANSWER_TO_ANYTHING = {
  ...Object.fromEntries(
    ['authentication', 'destination', 'source', 'task', 'transformation', 'run', 'event'].flatMap((name) => [
      [`${name}ID`, 'id'],
      [`${name}s`, []],
    ]),
  ),
  type: 'json',
  name: 'a name',
  status: 'created',
  taskWithRunID: {},
};

const variables: Record<string, string> = {};
let server: LoopbackServer;
let official: IngestionClient;
let ours: AlgoliaClient;

beforeAll(async () => {
  server = await startServer(({ path }, response) =>
    answerJson(response, path.endsWith('/search') ? [] : ANSWER_TO_ANYTHING),
  );
  official = ingestionClient('APP1', API_KEY, 'us', {
    hosts: [{ url: server.origin.host, accept: 'readWrite', protocol: 'http' }],
  });
  ours = clientFor(server.origin, { variables });
});
afterAll(async () => {
  await ours.close();
  await server.close();
});
beforeEach(() => void server.requests.splice(0));

/** For the official client the value itself, for ours a reference to it. */
const literal = (value: string) => value;
const reference = (value: string) => {
  const name = `SECRET_${Buffer.from(value).toString('hex').toUpperCase()}`;
  variables[name] = value;
  return { $secret: `env:${name}` } as unknown as string;
};

async function sentByOfficial(name: OperationName, argument: unknown): Promise<RecordedRequest | undefined> {
  await official[name](argument as never);
  return server.requests.pop();
}

async function sentByOurs(name: OperationName, argument: unknown): Promise<RecordedRequest | undefined> {
  await ours.call(name, argument as never, { apiKey: API_KEY });
  return server.requests.pop();
}

const wire = (request: RecordedRequest | undefined) => {
  const { headers: _, ...rest } = request ?? { headers: {} };
  return rest;
};

test('the table of arguments covers every operation, and each with more than one argument', () => {
  expect(Object.keys(cases).toSorted()).toEqual(operationNames.toSorted());
  expect(operationNames.length).toBe(50);
  expect(operationNames.filter((name) => cases[name].length < 2)).toEqual([]);
});

test('the official client has every operation under the same name', () => {
  expect(operationNames.filter((name) => typeof official[name] !== 'function')).toEqual([]);
});

test('whatever else the official client can do is a v1 twin or no HTTP operation', () => {
  const methods = Object.entries(official)
    .filter(([name, value]) => typeof value === 'function' && !name.endsWith('WithHTTPInfo'))
    .map(([name]) => name);
  const others = methods.filter((name) => !(operationNames as string[]).includes(name)).toSorted();
  expect(others.filter((name) => !name.endsWith('V1'))).toEqual([
    'addAlgoliaAgent',
    'chunkedPush',
    'clearCache',
    'setClientApiKey',
  ]);
});

test.each(operationNames)('%s is sent word for word as the official client sends it', async (name) => {
  for (const argument of cases[name] as Case<OperationName>[]) {
    const expected = await sentByOfficial(name, argument(literal));
    const actual = await sentByOurs(name, argument(reference));
    expect(expected).toBeDefined();
    expect({ ...wire(actual), argument: argument(literal) }).toEqual({
      ...wire(expected),
      argument: argument(literal),
    });
  }
});

describe('for any argument', () => {
  /** What a path may not be is tested below. */
  const anyID = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }).filter((id) => id !== '.' && id !== '..');

  test('ids are encoded alike', () =>
    fc.assert(
      fc.asyncProperty(anyID, anyID, async (runID, eventID) => {
        const argument = { runID, eventID };
        expect(wire(await sentByOurs('getEvent', argument))).toEqual(wire(await sentByOfficial('getEvent', argument)));
      }),
      { numRuns: 150 },
    ));

  test('filters are joined and encoded alike', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit: 'grapheme' })),
        fc.string({ unit: 'grapheme' }),
        async (sourceID, taskID) => {
          expect(wire(await sentByOurs('listTasks', { sourceID }))).toEqual(
            wire(await sentByOfficial('listTasks', { sourceID })),
          );
          expect(wire(await sentByOurs('listRuns', { taskID }))).toEqual(
            wire(await sentByOfficial('listRuns', { taskID })),
          );
        },
      ),
      { numRuns: 100 },
    ));

  test('records of any shape arrive alike', () =>
    fc.assert(
      fc.asyncProperty(fc.array(fc.dictionary(fc.string(), fc.jsonValue()), { minLength: 1 }), async (members) => {
        const records = members.map((record, index) => ({ ...record, objectID: `o${index}` }));
        const argument = { indexName: 'i', pushTaskPayload: { action: 'addObject' as const, records } };
        expect(wire(await sentByOurs('push', argument))).toEqual(wire(await sentByOfficial('push', argument)));
      }),
      { numRuns: 100 },
    ));

  test('custom parameters are sorted and encoded alike', () => {
    // JSON, in which every input arrives, knows neither NaN nor Infinity.
    const number = fc.double({ noNaN: true, noDefaultInfinity: true });
    const parameter = fc.oneof(fc.string({ unit: 'grapheme' }), number, fc.boolean(), fc.array(fc.string()));
    /** Where the official client loses the name, ours encodes it: see below. */
    const anyName = fc
      .string({ unit: 'grapheme-ascii', minLength: 1 })
      .filter((name) => !/[&=#+%]|^__proto__$/.test(name));
    return fc.assert(
      fc.asyncProperty(fc.dictionary(anyName, parameter, { noNullPrototype: true }), async (parameters) => {
        const argument = { path: 'test', parameters } as never;
        expect(wire(await sentByOurs('customGet', argument))).toEqual(
          wire(await sentByOfficial('customGet', argument)),
        );
      }),
      { numRuns: 100 },
    );
  });
});

describe('§12.10: where ours differs on purpose', () => {
  const refused = async (name: OperationName, argument: unknown) => {
    const error = await sentByOurs(name, argument).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(AlgoliaError);
    expect(error).toMatchObject({ type: 'AlgoliaInvalid' });
    expect(server.requests).toEqual([]);
    return (error as AlgoliaError).message;
  };

  test("an id of '..' is refused, where the official client deletes something else", async () => {
    expect((await sentByOfficial('deleteTask', { taskID: '..' }))?.path).toBe('/2/');
    expect(await refused('deleteTask', { taskID: '..' })).toContain("input.taskID: an id may not be '..'");
    expect((await sentByOfficial('getEvent', { runID: '..', eventID: 'e' }))?.path).toBe('/1/events/e');
    await refused('getEvent', { runID: '..', eventID: 'e' });
  });

  test("an id of '.' is refused, where the official client asks for the list", async () => {
    expect((await sentByOfficial('getTask', { taskID: '.' }))?.path).toBe('/2/tasks/');
    expect(await refused('getTask', { taskID: '.' })).toContain("input.taskID: an id may not be '.'");
  });

  test('an empty id is refused, as an error of ours', async () => {
    expect(() => official.getTask({ taskID: '' })).toThrow('Parameter `taskID` is required');
    expect(await refused('getTask', { taskID: '' })).toContain('input.taskID: an id may not be empty');
  });

  test('an id with half a surrogate pair is refused, where the official client throws a URIError', async () => {
    expect(() => official.getTask({ taskID: '\ud800' })).toThrow(URIError);
    await refused('getTask', { taskID: '\ud800' });
  });

  test('a null in the query is left out, where the official client sends the word null', async () => {
    const argument = { path: 'test', parameters: { a: null, b: 1 } };
    expect((await sentByOfficial('customGet', argument))?.query).toBe('a=null&b=1');
    expect((await sentByOurs('customGet', argument))?.query).toBe('b=1');
  });

  test('a null filter is refused, where the official client throws a TypeError', async () => {
    expect(() => official.listTasks({ sourceID: null as never })).toThrow(TypeError);
    expect(await refused('listTasks', { sourceID: null })).toContain('input.sourceID: expected array, received null');
  });

  test('an object in the query is refused, where the official client sends [object Object]', async () => {
    const argument = { path: 'test', parameters: { a: { b: 1 } } };
    expect((await sentByOfficial('customGet', argument))?.query).toBe('a=%5Bobject%20Object%5D');
    expect(await refused('customGet', argument)).toContain('input.parameters.a');
  });

  test('a $& in a custom path stays, where the official client expands it', async () => {
    const argument = { path: "1/$&/$'/$$" };
    expect((await sentByOfficial('customGet', argument))?.path).not.toBe("/1/$&/$'/$$");
    expect((await sentByOurs('customGet', argument))?.path).toBe("/1/$&/$'/$$");
  });

  test('a ? in a custom path is refused, where the official client sends a second one', async () => {
    const argument = { path: '1/tasks?a=1', parameters: { b: 2 } };
    expect((await sentByOfficial('customGet', argument))?.query).toBe('a=1?b=2');
    expect(await refused('customGet', argument)).toContain('put the query into parameters');
  });

  test.each(['1/../2', '..', './1', '1/.', '1/%2e%2E/2', '1/.%2e', '1/#x', '1\\..\\2', '1/a\tb', ''])(
    'a custom path that would change on its way is refused: %j',
    async (path) => {
      await refused('customDelete', { path });
    },
  );

  test('a leading slash in a custom path is dropped, where the official client sends two', async () => {
    expect((await sentByOfficial('customGet', { path: '/1/tasks' }))?.path).toBe('//1/tasks');
    expect((await sentByOurs('customGet', { path: '/1/tasks' }))?.path).toBe('/1/tasks');
  });

  test('a query name is encoded where it would end, which the official client does not', async () => {
    const argument = { path: 'test', parameters: { 'a&b=c': 'd' } };
    expect((await sentByOfficial('customGet', argument))?.query).toBe('a&b=c=d');
    expect((await sentByOurs('customGet', argument))?.query).toBe('a%26b%3Dc=d');
  });

  test('a numeric objectID is refused, where the official client lets it go unnoticed', async () => {
    const argument = { indexName: 'i', pushTaskPayload: { action: 'addObject', records: [{ objectID: 1 }] } };
    expect((await sentByOfficial('push', argument))?.body).toEqual(argument.pushTaskPayload);
    expect(await refused('push', argument)).toContain('input.pushTaskPayload.records[0].objectID');
  });

  test('headers are those of a server-side client', async () => {
    const argument = { taskID: 'a', taskUpdate: { enabled: true } };
    const sent = {
      ours: await sentByOurs('updateTask', argument),
      official: await sentByOfficial('updateTask', argument),
    };
    expect(sent.official?.headers).toMatchObject({ 'content-type': 'text/plain', 'transfer-encoding': 'chunked' });
    expect(sent.official?.headers['user-agent']).toBeUndefined();
    const { host: _, ...headers } = sent.ours?.headers ?? {};
    expect(headers).toEqual({
      accept: 'application/json',
      'accept-encoding': 'gzip',
      connection: 'keep-alive',
      'content-length': String(JSON.stringify(argument.taskUpdate).length),
      'content-type': 'application/json',
      'user-agent': 'algolia-ingestion-worker/test',
      'x-algolia-api-key': API_KEY,
      'x-algolia-application-id': 'APP1',
    });
  });
});
