import { once as event } from 'node:events';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { toFailure } from '../../src/activities/to-failure.ts';
import type { AlgoliaClient } from '../../src/algolia/client.ts';
import type { InputOf } from '../../src/operations/index.ts';
import { once, secret, SecretRef } from '../../src/operations/operation.ts';
import { SecretUnavailable } from '../../src/secrets/secret-store.ts';
import {
  answerJson,
  API_KEY,
  clientFor,
  failureOf,
  startServer,
  type LoopbackServer,
  type Respond,
} from './loopback.ts';
import { effects, rows } from './rows.ts';

const PASSWORD = 'p4ss "wörd" <&> 1/2';
const variables = { SECRET_PASSWORD: PASSWORD, SECRET_TOKEN: 'a-token-of-ours' };
const basic = {
  type: 'basic',
  name: 'n',
  input: { username: 'u', password: { $secret: 'env:SECRET_PASSWORD' } },
} satisfies InputOf<'createAuthentication'>;

const apiKey = API_KEY;
let respond: Respond;
let server: LoopbackServer;
let client: AlgoliaClient;

beforeEach(async () => {
  respond = (_, response) => answerJson(response, { authenticationID: 'a', runID: 'r' });
  server = await startServer((...args) => respond(...args));
  client = clientFor(server.origin, { variables });
});
afterEach(async () => {
  await client.close();
  await server.close();
});

describe('§12.9: what every request carries', () => {
  test('the application, the key, and who is asking', async () => {
    await client.call('customGet', { path: 'x' }, { apiKey });
    expect(server.requests[0]?.headers).toMatchObject({
      'x-algolia-application-id': 'APP1',
      'x-algolia-api-key': API_KEY,
      'user-agent': 'algolia-ingestion-worker/test',
      accept: 'application/json',
      'accept-encoding': 'gzip',
    });
  });

  test('a content type and a length with a body only', async () => {
    await client.call('runTask', { taskID: 't' }, { apiKey });
    await client.call('customGet', { path: 'x' }, { apiKey });
    await client.call('customDelete', { path: 'x' }, { apiKey });
    await failureOf(client.call('enableTask', { taskID: 't' }, { apiKey }));
    await client.call('triggerDockerSourceDiscover', { sourceID: 's' }, { apiKey });
    expect(
      server.requests.map(({ method, headers }) => [method, headers['content-type'], headers['content-length']]),
    ).toEqual([
      ['POST', 'application/json', '2'],
      ['GET', undefined, undefined],
      ['DELETE', undefined, undefined],
      ['PUT', undefined, '0'],
      ['POST', undefined, '0'],
    ]);
    expect(server.requests.every(({ headers }) => headers['transfer-encoding'] === undefined)).toBe(true);
  });

  test('a length in bytes, not in characters', async () => {
    const records = [{ objectID: 'é\u{1F600}' }];
    await client.call('push', { indexName: 'i', pushTaskPayload: { action: 'addObject', records } }, { apiKey });
    expect(server.requests[0]?.body).toEqual({ action: 'addObject', records });
  });

  test('the path of a base URL comes first', async () => {
    const proxied = clientFor(new URL(`${server.origin.href}proxy/algolia/`));
    await proxied.call('customGet', { path: '1/x', parameters: { a: 1 } }, { apiKey });
    expect(server.requests[0]).toMatchObject({ path: '/proxy/algolia/1/x', query: 'a=1' });
    await proxied.close();
  });

  test('each row goes to its own host', async () => {
    const search = await startServer();
    const both = clientFor(server.origin, { hosts: { ingestion: server.origin, search: search.origin } });
    await both.send('getKey', { ...rows.read, host: 'search' }, { thingID: 'k' }, { apiKey });
    await both.send('look', rows.read, { thingID: 't' }, { apiKey });
    expect(search.requests.map(({ path }) => path)).toEqual(['/1/things/k']);
    expect(server.requests.map(({ path }) => path)).toEqual(['/1/things/t']);
    await both.close();
    await search.close();
  });

  test('the key of the call, so that the next one may have another', async () => {
    for (const key of ['first-key', 'second-key']) await client.call('customGet', { path: 'x' }, { apiKey: key });
    expect(server.requests.map(({ headers }) => headers['x-algolia-api-key'])).toEqual(['first-key', 'second-key']);
  });

  test('a key that no header may hold is never sent, and not shown', async () => {
    const error = await failureOf(client.call('customGet', { path: 'x' }, { apiKey: 'two\nlines' }));
    expect(error.type).toBe('AlgoliaUnavailable');
    expect(inspect(error, { depth: 9 })).not.toContain('lines');
    expect(server.requests).toEqual([]);
  });
});

describe('§12.6: secrets', () => {
  test('are resolved where the API takes a credential', async () => {
    await client.call('createAuthentication', basic, { apiKey });
    expect(server.requests[0]?.body).toEqual({ ...basic, input: { username: 'u', password: PASSWORD } });
  });

  test('are resolved inside a configuration, at any depth', async () => {
    const configuration = {
      a: [{ token: { $secret: 'env:SECRET_TOKEN' } }],
      b: { $secret: 'env:SECRET_PASSWORD' },
      c: 1,
    };
    await failureOf(
      client.call('createSource', { type: 'docker', name: 'd', input: { image: 'i', configuration } }, { apiKey }),
    );
    expect(server.requests[0]?.body).toMatchObject({
      input: { configuration: { a: [{ token: 'a-token-of-ours' }], b: PASSWORD, c: 1 } },
    });
  });

  test.each<[string, () => Promise<unknown>]>([
    [
      'a pushed record',
      () =>
        client.call(
          'push',
          {
            indexName: 'i',
            pushTaskPayload: { action: 'addObject', records: [{ objectID: 'o', a: { $secret: 'env:SECRET_TOKEN' } }] },
          },
          { apiKey },
        ),
    ],
    [
      'run metadata',
      () =>
        client.call(
          'runTask',
          { taskID: 't', runTaskPayload: { runMetadata: { a: { $secret: 'env:SECRET_TOKEN' } } } },
          { apiKey },
        ),
    ],
    [
      'a sample record',
      () =>
        client.call(
          'tryTransformation',
          { code: 'c', sampleRecord: { a: { $secret: 'env:SECRET_TOKEN' } }, authentications: [basic] },
          { apiKey },
        ),
    ],
    [
      'feature flags',
      () =>
        client
          .call(
            'createSource',
            {
              type: 'shopify',
              name: 's',
              input: { shopURL: 'u', featureFlags: { a: { $secret: 'env:SECRET_TOKEN' } } },
            },
            { apiKey },
          )
          .catch(() => {}),
    ],
  ])('are not resolved in %s: that is data', async (_, call) => {
    await call();
    const sent = JSON.stringify(server.requests[0]?.body);
    expect(sent).toContain('{"$secret":"env:SECRET_TOKEN"}');
    expect(sent).not.toContain('a-token-of-ours');
  });

  test('that cannot be resolved keep the request from being sent', async () => {
    const missing = { ...basic, input: { username: 'u', password: { $secret: 'env:SECRET_MISSING' } } };
    const call = client.call('createAuthentication', missing, { apiKey });
    await expect(call).rejects.toThrow(SecretUnavailable);
    await expect(call).rejects.toThrow('SECRET_MISSING');
    expect(server.requests).toEqual([]);
  });

  test('that were not resolved refuse to be serialized', async () => {
    expect(() => JSON.stringify({ a: new SecretRef('env:SECRET_TOKEN') })).toThrow('unresolved secret reference');
    const careless = once('POST /1/careless', 'A row that forgot its flag', {
      body: z.strictObject({ password: secret() }),
      response: z.unknown(),
    });
    const call = client.send('careless', careless, { password: { $secret: 'env:SECRET_TOKEN' } }, { apiKey });
    await expect(call).rejects.toThrow('unresolved secret reference');
    expect(server.requests).toEqual([]);
  });

  test('leave the argument as it was', async () => {
    const before = structuredClone(basic);
    await client.call('createAuthentication', basic, { apiKey });
    expect(basic).toEqual(before);
  });
});

/** Every spelling in which a careless server might give a credential back. */
const spellings = {
  plain: (value: string) => value,
  'URL-encoded': (value: string) => encodeURIComponent(value),
  'form-encoded': (value: string) => new URLSearchParams({ a: value }).toString(),
  base64: (value: string) => Buffer.from(value).toString('base64'),
  'base64 without padding': (value: string) => Buffer.from(value).toString('base64').replace(/=+$/, ''),
  base64url: (value: string) => Buffer.from(value).toString('base64url'),
  'a basic authorization': (value: string) => `Basic ${Buffer.from(`user:${value}`).toString('base64')}`,
  'a longer basic authorization': (value: string) => `Basic ${Buffer.from(`user12:${value}:x`).toString('base64')}`,
  'JSON in a string': (value: string) => JSON.stringify({ a: value }),
  "JSON of Go's encoder": (value: string) =>
    JSON.stringify({ a: value }).replace(/[<>&]/g, (found) => `\\u00${found.charCodeAt(0).toString(16)}`),
};
/** No twelve characters of it anywhere, in any spelling of the whole. */
const leaks = (text: string) =>
  [PASSWORD, API_KEY].flatMap((value) =>
    Object.entries(spellings)
      .filter(([, spell]) => text.includes(core(spell(value))))
      .map(([name]) => name),
  );
const core = (spelled: string) => spelled.replace(/^Basic |[=}"]+$/g, '').slice(-16);

describe('credentials are scrubbed', () => {
  const call = () => client.call('createAuthentication', basic, { apiKey });
  const everything = (error: unknown) => inspect(error, { depth: 20, showHidden: true });

  describe.each(Object.entries(spellings))('when they come back as %s', (_, spell) => {
    const echo = `it was ${spell(PASSWORD)} with ${spell(API_KEY)}!`;

    test('(this test would see them)', () => {
      expect(leaks(echo)).not.toEqual([]);
      expect(leaks(inspect({ echo }))).not.toEqual([]);
    });

    test('in an answer', async () => {
      respond = (_, response) =>
        answerJson(response, { authenticationID: 'a', echo, deep: [{ [echo]: echo }], count: 1_234 });
      const answer = await call();
      expect(leaks(JSON.stringify(answer))).toEqual([]);
      expect(leaks(inspect(answer, { depth: 9 }))).toEqual([]);
      expect(answer).toMatchObject({ authenticationID: 'a', count: 1_234, echo: expect.stringContaining('[secret]') });
    });

    test("in an error's message, code and correlation id", async () => {
      respond = (_, response) =>
        answerJson(response, { message: echo, error: { code: echo } }, 400, { 'correlation-id': encodeURI(echo) });
      expect(leaks(everything(await failureOf(call())))).toEqual([]);
      expect(leaks(everything(toFailure(await failureOf(call()))))).toEqual([]);
    });

    test("in a proxy's page", async () => {
      respond = (_, response) => response.writeHead(502).end(`<p>${echo}</p>`);
      expect(leaks(everything(await failureOf(call())))).toEqual([]);
    });

    test('in a success that cannot be read', async () => {
      for (const body of [
        `no JSON: ${echo}`,
        JSON.stringify({ [echo]: 1 }),
        JSON.stringify({ authenticationID: { [echo]: 1 } }),
      ]) {
        respond = (_, response) => response.writeHead(200, { 'content-type': encodeURI(echo) }).end(body);
        expect(leaks(everything(await failureOf(call())))).toEqual([]);
      }
    });
  });

  test('however the JSON spells them', async () => {
    const escaped = Array.from(PASSWORD, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`).join('');
    respond = (_, response) => response.writeHead(200).end(`{"authenticationID":"a","name":"${escaped}"}`);
    expect(await call()).toEqual({ authenticationID: 'a', name: '[secret]' });
    respond = (_, response) => response.writeHead(400).end(`{"message":"${escaped}"}`);
    expect((await failureOf(call())).details.algoliaMessage).toBe('[secret]');
  });

  test('without breaking the JSON around them', async () => {
    const short = clientFor(server.origin, { variables: { SECRET_PASSWORD: '1234', SECRET_TOKEN: 'true' } });
    const input = {
      ...basic,
      input: { username: { $secret: 'env:SECRET_TOKEN' }, password: { $secret: 'env:SECRET_PASSWORD' } },
    };
    respond = (_, response) => answerJson(response, { authenticationID: 'a', n: 1234, ok: true, name: 'x 1234' });
    expect(await short.call('createAuthentication', input, { apiKey })).toEqual({
      authenticationID: 'a',
      n: 1234,
      ok: true,
      name: 'x [secret]',
    });
    await short.close();
  });

  test('and what is no credential stays word for word', async () => {
    const answer = {
      authenticationID: 'a',
      name: 'quote " backslash \\ newline \n \u2028',
      list: ['', null, 0, false],
    };
    respond = (_, response) => answerJson(response, answer);
    expect(await call()).toEqual(answer);
  });
});

describe('§12.2: an error tells nothing of the request but the operation', () => {
  const BODY = 'content-of-the-body';
  const responses: Record<string, Respond> = {
    refused: (_, response) => answerJson(response, { message: 'no' }, 400),
    forbidden: (_, response) => answerJson(response, { message: 'no' }, 403),
    limited: (_, response) => answerJson(response, { message: 'no' }, 429),
    broken: (_, response) => answerJson(response, { message: 'no' }, 500),
    unreadable: (_, response) => response.writeHead(200).end('<'),
    misshapen: (_, response) => answerJson(response, [1]),
    reset: (_, __, incoming) => incoming.socket.resetAndDestroy(),
  };

  test.each(Object.entries(responses))('%s', async (_, respondSo) => {
    respond = respondSo;
    const error = await failureOf(
      client.send('thing', rows.once, { thingID: 'id-in-the-path', payload: { a: BODY } }, { apiKey }),
    );
    for (const thrown of [error, toFailure(error)]) {
      const text = inspect(thrown, { depth: 20, showHidden: true });
      for (const hidden of [BODY, API_KEY, 'id-in-the-path', 'x-algolia', 'APP1']) expect(text).not.toContain(hidden);
    }
    expect(error.details.operation).toBe('thing');
    expect(error.details.requestMs).toBeTypeOf('number');
  });
});

describe('wrong input', () => {
  test.each(effects)('is AlgoliaInvalid, and nothing is sent (%s)', async (effect) => {
    const error = await failureOf(client.send('thing', rows[effect], { thingID: '..' }, { apiKey }));
    expect(error).toMatchObject({
      type: 'AlgoliaInvalid',
      message: "thing: input.thingID: an id may not be '..'. Nothing was sent.",
      details: { operation: 'thing' },
    });
    expect(server.requests).toEqual([]);
  });
});

test('a call that was aborted leaves the client whole', async () => {
  const controller = new AbortController();
  const arrived = { closed: undefined as Promise<unknown> | undefined };
  respond = (_, response) => {
    arrived.closed = event(response, 'close');
    controller.abort();
  };
  await expect(client.call('customGet', { path: 'x' }, { apiKey, signal: controller.signal })).rejects.toThrow('abort');
  await arrived.closed;
  respond = (_, response) => answerJson(response, { ok: true });
  expect(await client.call('customGet', { path: 'x' }, { apiKey })).toEqual({ ok: true });
});
