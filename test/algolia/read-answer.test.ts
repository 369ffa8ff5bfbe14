import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { AlgoliaClient } from '../../src/algolia/client.ts';
import {
  answerJson,
  API_KEY,
  clientFor,
  failureOf,
  startServer,
  type LoopbackServer,
  type Respond,
} from './loopback.ts';
import { effects, rows, whenInDoubt } from './rows.ts';

const apiKey = API_KEY;
const input = { thingID: 'a' };
let respond: Respond;
let server: LoopbackServer;
let client: AlgoliaClient;

beforeAll(async () => {
  server = await startServer((...args) => respond(...args));
  client = clientFor(server.origin);
});
afterAll(async () => {
  await client.close();
  await server.close();
});
beforeEach(() => void server.requests.splice(0));

const answer = (status: number, value: unknown, headers: Record<string, string> = {}) => {
  respond = (_, response) => answerJson(response, value, status, headers);
};
const answerText = (status: number, text: string, headers: Record<string, string> = {}) => {
  respond = (_, response) => response.writeHead(status, headers).end(text);
};
const send = (effect: keyof typeof rows) => client.send('thing', rows[effect], input, { apiKey });
const fail = (effect: keyof typeof rows) => failureOf(send(effect));

describe('§12.2, §12.3, §13.9: a status says what to do next', () => {
  const said = { message: 'said so' };

  describe.each(effects)('after a request whose effect is %s', (effect) => {
    test.each([400, 402, 404, 405, 409, 410, 413, 418, 422, 423])('%i: never again', async (status) => {
      answer(status, said);
      expect(await fail(effect)).toMatchObject({
        type: 'AlgoliaInvalid',
        message: `thing: answered ${status}: said so`,
        details: { operation: 'thing', status, algoliaMessage: 'said so' },
      });
    });

    test.each([401, 403])('%i: only with another key', async (status) => {
      answer(status, said);
      expect(await fail(effect)).toMatchObject({ type: 'AlgoliaAuth', details: { status } });
    });

    test('429: later', async () => {
      answer(429, said, { 'retry-after': '7' });
      expect(await fail(effect)).toMatchObject({ type: 'AlgoliaRateLimited', details: { retryAfterMs: 7_000 } });
    });

    test.each([408, 425, 500, 501, 502, 503, 504, 507, 599])('%i: it may have been done', async (status) => {
      answer(status, said);
      expect(await fail(effect)).toMatchObject({ type: whenInDoubt(effect), details: { status } });
    });

    test.each([300, 301, 302, 303, 304, 307, 308])('§12.9: %i: a redirect is not followed', async (status) => {
      respond = (_, response) => response.writeHead(status, { location: '/elsewhere' }).end();
      const error = await fail(effect);
      expect(error).toMatchObject({ type: whenInDoubt(effect), details: { status } });
      expect(error.message).toContain('redirects are not followed');
      expect(server.requests.map(({ path }) => path)).toEqual(['/1/things/a']);
    });

    test('nothing is sent twice by the client itself', async () => {
      for (const status of [408, 429, 500, 503]) {
        answer(status, said);
        await fail(effect);
      }
      expect(server.requests.length).toBe(4);
    });
  });
});

describe('§12.2: Retry-After', () => {
  const retryAfter = async (value?: string, status = 429) => {
    answer(status, {}, value === undefined ? {} : { 'retry-after': value });
    return (await fail('read')).details.retryAfterMs;
  };

  test.each([
    ['3', 3_000],
    [' 3 ', 3_000],
    ['1.5', 1_500],
    ['300', 300_000],
  ])('counts as seconds: %j', async (value, ms) => {
    expect(await retryAfter(value)).toBe(ms);
  });

  test.each([
    ['0', 1_000],
    ['0.001', 1_000],
    ['301', 300_000],
    ['99999999999999999999', 300_000],
    ['Fri, 31 Dec 2999 23:59:59 GMT', 300_000],
    ['Sun, 06 Nov 1994 08:49:37 GMT', 1_000],
    ['Sunday, 06-Nov-94 08:49:37 GMT', 1_000],
    ['Sun Nov  6 08:49:37 1994', 1_000],
  ])('is held between a second and five minutes: %j', async (value, ms) => {
    expect(await retryAfter(value)).toBe(ms);
  });

  test('counts as an HTTP date', async () => {
    const ms = (await retryAfter(new Date(Date.now() + 200_000).toUTCString())) ?? 0;
    expect(ms).toBeGreaterThan(1_000);
    expect(ms).toBeLessThanOrEqual(200_000);
  });

  test.each(['America/New_York', 'Asia/Tokyo'])('counts as GMT where a date says no zone, also in %s', async (zone) => {
    vi.stubEnv('TZ', zone);
    const [day = '', date, month, year, time] = new Date(Date.now() + 200_000).toUTCString().split(' ');
    const ms = (await retryAfter(`${day.slice(0, 3)} ${month} ${date?.replace(/^0/, ' ')} ${time} ${year}`)) ?? 0;
    vi.unstubAllEnvs();
    expect(ms).toBeGreaterThan(1_000);
    expect(ms).toBeLessThanOrEqual(200_000);
  });

  test.each([undefined, '', 'soon', '-5', '5 seconds', 'NaN', 'Infinity', '1e3', '0x10'])(
    'leaves the wait to the retry policy when it is %j',
    async (value) => {
      expect(await retryAfter(value)).toBeUndefined();
    },
  );

  test('of a 503 counts too', async () => {
    expect(await retryAfter('9', 503)).toBe(9_000);
  });
});

describe('an answer that cannot be read', () => {
  test.each(effects)('keeps its status and says why (%s)', async (effect) => {
    answerText(200, '<html><body>Welcome</body></html>', { 'content-type': 'text/html' });
    expect(await fail(effect)).toMatchObject({
      type: whenInDoubt(effect),
      message: 'thing: answered 200, but the answer is not JSON (text/html)',
      details: { status: 200 },
    });
  });

  test.each(['', ' ', '{"a":', '{"a":1}{"b":2}', 'undefined', '{"a":NaN}'])('is this: %j', async (text) => {
    answerText(200, text);
    expect((await fail('once')).type).toBe('AlgoliaAmbiguous');
  });

  test('is not one that begins with a byte order mark, packed or not', async () => {
    const body = Buffer.from(`\uFEFF${JSON.stringify({ taskID: 'a' })}`);
    const headers = { 'content-encoding': 'gzip' };
    for (const [bytes, more] of [
      [body, {}],
      [gzipSync(body), headers],
    ] as const) {
      respond = (_, response) => response.writeHead(200, more).end(bytes);
      expect(await client.call('customGet', { path: '1/things' }, { apiKey })).toEqual({ taskID: 'a' });
    }
  });

  test.each(['null', '[]', '1', '"text"', 'true'])('is JSON of another shape: %s', async (text) => {
    answerText(200, text);
    const error = await fail('once');
    expect(error.type).toBe('AlgoliaAmbiguous');
    expect(error.message).toContain('the answer is not what the API describes: answer: expected object');
  });

  test('names the member that is wrong', async () => {
    answer(200, { taskID: 1, sourceID: 's', destinationID: 'd', enabled: 'yes' });
    const error = await failureOf(client.call('getTask', { taskID: 'a' }, { apiKey }));
    expect(error.type).toBe('AlgoliaUnavailable');
    expect(error.message).toContain('answer.taskID: expected string, received number');
    expect(error.message).toContain('answer.enabled: expected boolean, received string');
  });

  test('an empty one is none, unless something was deleted', async () => {
    answerText(204, '');
    expect(await client.call('deleteTask', { taskID: 'a' }, { apiKey })).toEqual({});
    expect(await client.call('customDelete', { path: '1/tasks/a' }, { apiKey })).toEqual({});
    respond = (_, response) => response.writeHead(200).end();
    expect(await client.call('deleteSource', { sourceID: 'a' }, { apiKey })).toEqual({});
    expect((await failureOf(client.call('runTask', { taskID: 'a' }, { apiKey }))).type).toBe('AlgoliaAmbiguous');
    expect((await failureOf(client.call('getTask', { taskID: 'a' }, { apiKey }))).type).toBe('AlgoliaUnavailable');
    expect((await failureOf(client.call('searchTasks', { taskIDs: [] }, { apiKey }))).type).toBe('AlgoliaUnavailable');
  });
});

describe('an error says what Algolia said', () => {
  test('its message, machine-readable code and correlation id', async () => {
    answer(
      400,
      { message: 'in use', error: { code: 'resource_in_use', details: [{ id: 't', type: 'task', name: 'n' }] } },
      { 'correlation-id': 'c-1' },
    );
    expect((await fail('idempotent')).details).toEqual({
      operation: 'thing',
      status: 400,
      algoliaMessage: 'in use',
      code: 'resource_in_use',
      correlationID: 'c-1',
      requestMs: expect.any(Number),
    });
  });

  test.each([
    ['an HTML page', '<html><head><style>p{}</style><title>502</title></head><h1>Bad  Gateway</h1>', '502 Bad Gateway'],
    ['a line of text', 'Too Many Requests\n', 'Too Many Requests'],
  ])('or the words of %s', async (_, text, words) => {
    answerText(502, text, { 'content-type': 'text/html' });
    expect((await fail('read')).message).toBe(`thing: answered 502: ${words}`);
  });

  test.each(['', '{}', '{"message":""}', '{"message":{"a":1}}', '{"error":null}', '{"error":"text"}', 'null', '[]'])(
    'or how it was answered, given %j',
    async (text) => {
      answerText(500, text, { 'content-type': 'application/json' });
      const { message } = await fail('read');
      expect(message).toMatch(/^thing: answered 500(: (null|\[\])| \(application\/json\))$/);
    },
  );

  test('shortly, however long it was', async () => {
    for (const text of [`{"message":"${'x'.repeat(100_000)}"}`, 'x'.repeat(100_000), '<'.repeat(5_000_000)]) {
      answerText(500, text, { 'correlation-id': 'c'.repeat(5_000), 'content-type': 'y'.repeat(5_000) });
      const error = await fail('read');
      expect(error.message.length).toBeLessThan(700);
      expect(JSON.stringify(error.details).length).toBeLessThan(1_000);
    }
  });
});

describe('answers are tolerated', () => {
  const get = (value: unknown) => {
    answer(200, value);
    return client.call('getAuthentication', { authenticationID: 'a' }, { apiKey });
  };
  const authentication = { authenticationID: 'a', type: 'basic', name: 'n' };

  test('§12.1: unknown members are kept, at every depth', async () => {
    const value = {
      runID: 'r',
      status: 'finished',
      progress: { receivedNbOfEvents: 1, eta: 'soon' },
      brandNew: { a: [1] },
    };
    answer(200, value);
    expect(await client.call('getRun', { runID: 'r' }, { apiKey })).toEqual(value);
  });

  test('§12.1: unknown enum values are kept', async () => {
    const value = { runID: 'r', status: 'paused', outcome: 'maybe', reasonCode: 'moon', type: 'dream' };
    answer(200, value);
    expect(await client.call('getRun', { runID: 'r' }, { apiKey })).toEqual(value);
    expect(await get({ ...authentication, type: 'kerberos' })).toMatchObject({ type: 'kerberos' });
  });

  test('§12.1, §13.2: secrets come back as null', async () => {
    const value = { ...authentication, input: { username: 'u', password: null }, platform: null, owner: null };
    expect(await get(value)).toEqual(value);
  });

  test('a secret that the API forgot to blank is blanked here', async () => {
    expect(await get({ ...authentication, input: { username: 'u', password: 'not blanked' } })).toMatchObject({
      input: { username: 'u', password: null },
    });
  });

  test('§12.1: what fixtures and the API leave out may be absent', async () => {
    expect(await get(authentication)).toEqual(authentication);
    answer(200, [{ taskID: 't', sourceID: 's', destinationID: 'd' }]);
    expect(await client.call('searchTasks', { taskIDs: ['t'] }, { apiKey })).toHaveLength(1);
    answer(200, { authentications: [{}], pagination: { page: 1, itemsPerPage: 10 } });
    expect(await client.call('listAuthentications', {}, { apiKey })).toMatchObject({ authentications: [{}] });
  });

  test.each([200, 201, 202, 206])('§12.1: whatever the status says of success: %i', async (status) => {
    answer(status, { runID: 'r' });
    expect(await client.call('runTask', { taskID: 't' }, { apiKey })).toEqual({ runID: 'r' });
  });

  test('§12.1, §13.20: an empty list has zero pages, or one, or null for a list', async () => {
    for (const nbPages of [0, 1]) {
      const value = { runs: [], pagination: { nbPages, page: 1, nbItems: 0, itemsPerPage: 10 } };
      answer(200, value);
      expect(await client.call('listRuns', {}, { apiKey })).toEqual(value);
    }
    answer(200, { tasks: null, pagination: null });
    expect((await client.call('listTasks', {}, { apiKey })).tasks).toEqual([]);
    answer(200, { pagination: { page: 1 } });
    expect((await failureOf(client.call('listTasks', {}, { apiKey }))).message).toContain('answer.tasks');
  });

  test('a source of which no task ran has no runs, or null for them', async () => {
    for (const taskWithRunID of [{}, null]) {
      answer(200, { taskWithRunID });
      expect(await client.call('runSource', { sourceID: 's' }, { apiKey })).toEqual({ taskWithRunID: {} });
    }
  });

  test('without a content type, or with another one', async () => {
    for (const headers of [{}, { 'content-type': 'text/plain' }]) {
      answerText(200, '{"runID":"r"}', headers as Record<string, string>);
      expect(await client.call('runTask', { taskID: 't' }, { apiKey })).toEqual({ runID: 'r' });
    }
  });

  test('a custom request takes any JSON', async () => {
    for (const value of [[], 1, 'x', null, { a: 1 }]) {
      answer(200, value);
      expect(await client.call('customGet', { path: 'x' }, { apiKey })).toEqual(value);
    }
  });

  test('§13.7: a push without data, an event without a status', async () => {
    const pushed = {
      runID: 'r',
      eventID: 'e',
      data: null,
      events: null,
      message: 'ok',
      createdAt: '2026-11-24T10:00:00Z',
    };
    answer(200, pushed);
    const argument = { indexName: 'i', pushTaskPayload: { action: 'clear' as const, records: [] } };
    expect(await client.call('push', argument, { apiKey })).toEqual(pushed);
    const event = { eventID: 'e', runID: 'r', status: null, type: 'log', batchSize: 0, data: null, publishedAt: 'x' };
    answer(200, event);
    expect(await client.call('getEvent', { runID: 'r', eventID: 'e' }, { apiKey })).toEqual(event);
  });

  test('§13.21: a 200 that tells of a failure is given to the caller, who must look', async () => {
    const tried = { payloads: [], error: { code: 500, message: 'x is not defined' } };
    answer(200, tried);
    expect(await client.call('tryTransformation', { code: 'x', sampleRecord: {} }, { apiKey })).toEqual(tried);
    const watched = { runID: 'r', message: 'failed', events: [{ eventID: 'e', status: 'critical', type: 'fetch' }] };
    answer(200, watched);
    expect(await client.call('validateSource', { type: 'push', name: 'n' }, { apiKey })).toEqual(watched);
  });

  test('§13.22: the payloads of a try stay the JSON strings they are', async () => {
    const tried = { payloads: ['{"objectID":"a"}', '{"objectID":"b"}'] };
    answer(200, tried);
    expect(await client.call('tryTransformation', { code: 'x', sampleRecord: {} }, { apiKey })).toEqual(tried);
  });

  test('§13.20: a search that finds less than it was asked for is no error', async () => {
    answer(200, [{ sourceID: 'a', type: 'json', name: 'n' }]);
    expect(await client.call('searchSources', { sourceIDs: ['a', 'b', 'c'] }, { apiKey })).toHaveLength(1);
  });
});

describe('§12.12, §13.27: what is still in use', () => {
  test('is not deleted, which no second attempt would change', async () => {
    answer(400, {
      message: 'source is used by a task',
      error: { code: 'in_use', details: [{ id: 't', type: 'task' }] },
    });
    expect(await failureOf(client.call('deleteSource', { sourceID: 's' }, { apiKey }))).toMatchObject({
      type: 'AlgoliaInvalid',
      details: { operation: 'deleteSource', status: 400, code: 'in_use', algoliaMessage: 'source is used by a task' },
    });
  });

  test('§13.9: and what is not there says 404, so that a caller can take it for not yet or for gone', async () => {
    answer(404, { message: 'event not found' });
    const error = await failureOf(client.call('getEvent', { runID: 'r', eventID: 'e' }, { apiKey }));
    expect(error).toMatchObject({ type: 'AlgoliaInvalid', details: { status: 404 } });
  });
});
