import { once as event } from 'node:events';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import type { AlgoliaClient } from '../../src/algolia/client.ts';
import { MAX_ANSWER_BYTES } from '../../src/algolia/send.ts';
import {
  answerJson,
  API_KEY,
  clientFor,
  closedOrigin,
  failureOf,
  startServer,
  startTcpServer,
  type Respond,
} from './loopback.ts';
import { effects, impatient, rows, whenInDoubt, type Effects } from './rows.ts';

const apiKey = API_KEY;
const input = { thingID: 'a' };
const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((it) => it.close()));
});

function use<T extends { close(): Promise<void> }>(it: T): T {
  open.unshift(it);
  return it;
}
const client = (origin: URL): AlgoliaClient => use(clientFor(origin));
async function server(respond: Respond) {
  const started = use(await startServer(respond));
  return { ...started, client: client(started.origin) };
}

describe('§12.3: a request that cannot have been sent is AlgoliaUnavailable, even for once', () => {
  test.each(effects)('when the connection is refused (%s)', async (effect) => {
    const error = await failureOf(client(await closedOrigin()).send('thing', rows[effect], input, { apiKey }));
    expect(error).toMatchObject({ type: 'AlgoliaUnavailable', message: expect.stringContaining('ECONNREFUSED') });
  });

  test.each(effects)('when the name does not resolve (%s)', async (effect) => {
    const unknown = client(new URL('https://data.example.invalid'));
    expect(await failureOf(unknown.send('thing', rows[effect], input, { apiKey }))).toMatchObject({
      type: 'AlgoliaUnavailable',
    });
  });

  test.each(effects)('when TLS fails (%s)', async (effect) => {
    const plain = use(await startServer());
    const overTls = client(new URL(`https://127.0.0.1:${plain.port}`));
    const error = await failureOf(overTls.send('thing', rows[effect], input, { apiKey }));
    expect(error.type).toBe('AlgoliaUnavailable');
    expect(plain.requests).toEqual([]);
  });

  test('when the handshake never ends', async () => {
    const silent = use(await startTcpServer(() => {}));
    const overTls = client(new URL(`https://127.0.0.1:${silent.port}`));
    const error = await failureOf(overTls.send('thing', impatient.once, input, { apiKey }));
    expect(error.type).toBe('AlgoliaUnavailable');
  });

  test('when it took too long to get to sending', async () => {
    const { client, requests } = await server((_, response) => answerJson(response, {}));
    const error = await failureOf(client.send('thing', rows.once, input, { apiKey, writeBefore: performance.now() }));
    expect(error).toMatchObject({
      type: 'AlgoliaUnavailable',
      message: 'thing: it took too long to get to sending',
    });
    expect(requests).toEqual([]);
    // The connection that was not written to does not stand in the next one's way.
    await expect(
      client.send('thing', rows.once, input, { apiKey, writeBefore: performance.now() + 60_000 }),
    ).resolves.toEqual({});
  });
});

/** Each leaves the request without an answer, after it has come in. */
const silences: Record<string, Respond> = {
  'the connection is reset': (_, __, incoming) => incoming.socket.resetAndDestroy(),
  'the connection is closed': (_, __, incoming) => incoming.socket.destroy(),
  'no headers come in time': () => {},
  'the body stops half-way': (_, response) => {
    response.writeHead(200, { 'content-length': '100' });
    response.write('{"a":1');
  },
  'the body is cut off': (_, response, incoming) => {
    response.writeHead(200, { 'content-length': '100' });
    response.write('{"a":1', () => incoming.socket.destroy());
  },
  'a chunked body is cut off': (_, response, incoming) => {
    response.writeHead(200);
    response.write('{"a":1}', () => incoming.socket.destroy());
  },
  'the answer is no HTTP': (_, __, incoming) => void incoming.socket.end('SSH-2.0-OpenSSH_9.6\r\n'),
};

describe('§12.2, §12.3: a request that got no whole answer may have had its effect', () => {
  test.each(Object.entries(silences))('when %s', async (_, respond) => {
    const outcomes = effects.map(async (effect) => {
      const { client, requests } = await server(respond);
      const error = await failureOf(client.send('thing', impatient[effect], input, { apiKey }));
      return [error.type, requests.length];
    });
    expect(await Promise.all(outcomes)).toEqual(effects.map((effect) => [whenInDoubt(effect), 1]));
  });

  test('a status that came before the silence is kept', async () => {
    const { client } = await server(silences['the body is cut off'] as Respond);
    const error = await failureOf(client.send('thing', impatient.read, input, { apiKey }));
    expect(error.details).toMatchObject({ operation: 'thing', status: 200 });
  });
});

test('§12.4: the whole exchange has a deadline, though every gap in the body is short', async () => {
  const { client } = await server((_, response) => {
    response.writeHead(200);
    const drip = setInterval(() => response.write(' '), 20);
    response.on('close', () => clearInterval(drip));
  });
  const failures = await Promise.all(
    effects.map((effect) => failureOf(client.send('thing', impatient[effect], input, { apiKey }))),
  );
  expect(failures.map((error) => error.type)).toEqual(effects.map(whenInDoubt));
  for (const error of failures) expect(error.message).toBe('thing: no complete answer within 5.1 s');
});

describe('§12.9: a compressed answer is read safely', () => {
  const answering = (body: Buffer, encoding: string, status = 200) =>
    server((_, response) => response.writeHead(status, { 'content-encoding': encoding }).end(body));
  const call = (client: AlgoliaClient, effect: Effects = 'read') =>
    client.send('thing', rows[effect], input, { apiKey });

  test.each(['gzip', 'GZIP', 'x-gzip'])('as %s', async (encoding) => {
    const { client } = await answering(gzipSync('{"name":"é"}'), encoding);
    expect(await call(client)).toEqual({ name: 'é' });
  });

  test('as identity, which is none', async () => {
    const { client } = await answering(Buffer.from('{"a":1}'), 'identity');
    expect(await call(client)).toEqual({ a: 1 });
  });

  test("an error's body too", async () => {
    const { client } = await answering(gzipSync('{"message":"no such task"}'), 'gzip', 404);
    expect((await failureOf(call(client))).message).toBe('thing: answered 404: no such task');
  });

  test.each([
    ['corrupt', Buffer.from('this was never gzip')],
    ['cut off', gzipSync(JSON.stringify({ a: 'b'.repeat(10_000) })).subarray(0, 20)],
  ])('%s gzip is an unreadable answer', async (_, body) => {
    for (const effect of effects) {
      const { client } = await answering(body, 'gzip');
      const error = await failureOf(call(client, effect));
      expect(error).toMatchObject({ type: whenInDoubt(effect), details: { status: 200 } });
      expect(error.message).toBe('thing: the answer is not readable gzip');
    }
  });

  test('a decompression bomb is given up rather than held in memory', async () => {
    const bomb = gzipSync(Buffer.alloc(MAX_ANSWER_BYTES + 1), { level: 1 });
    const { client } = await answering(bomb, 'gzip');
    expect((await failureOf(call(client))).message).toBe('thing: the answer is not readable gzip');
  });

  test('an endless answer is given up', async () => {
    const megabyte = Buffer.alloc(1024 * 1024, ' ');
    const { client } = await server((_, response) => {
      response.writeHead(200);
      const more = () => {
        while (!response.destroyed && response.write(megabyte));
      };
      response.on('drain', more);
      more();
    });
    const error = await failureOf(call(client, 'once'));
    expect(error).toMatchObject({ type: 'AlgoliaAmbiguous', details: { status: 200 } });
    expect(error.message).toContain('larger than');
  });

  test.each(['br', 'deflate', 'zstd', 'gzip, gzip'])('%s was not asked for and is refused', async (encoding) => {
    const { client } = await answering(Buffer.from('{}'), encoding);
    const error = await failureOf(call(client));
    expect(error.type).toBe('AlgoliaUnavailable');
    expect(error.message).toBe(`thing: the answer is encoded as ${encoding}, which was not asked for`);
  });
});

describe('§12.5: a cancelled call ends at once, with the reason of the cancellation', () => {
  const reason = new Error('cancelled by the test');

  test('before it began: nothing is sent', async () => {
    const { client, requests, connections } = await server((_, response) => answerJson(response, {}));
    const call = client.send('thing', rows.once, input, { apiKey, signal: AbortSignal.abort(reason) });
    await expect(call).rejects.toBe(reason);
    expect([requests.length, connections()]).toEqual([0, 0]);
  });

  test('while connecting: nothing is sent', async () => {
    const silent = use(await startTcpServer(() => {}));
    const connected = event(silent.server, 'connection');
    const controller = new AbortController();
    const call = client(new URL(`https://127.0.0.1:${silent.port}`)).send('thing', rows.once, input, {
      apiKey,
      signal: controller.signal,
    });
    await connected;
    controller.abort(reason);
    await expect(call).rejects.toBe(reason);
  });

  test('while waiting for headers: the server sees the connection close', async () => {
    const controller = new AbortController();
    let closed: Promise<unknown> | undefined;
    const { client } = await server((_, response) => {
      closed = event(response, 'close');
      controller.abort(reason);
    });
    const call = client.send('thing', rows.once, input, { apiKey, signal: controller.signal });
    await expect(call).rejects.toBe(reason);
    expect(closed).toBeDefined();
    await closed;
  });

  test('in the body', async () => {
    const controller = new AbortController();
    let closed: Promise<unknown> | undefined;
    const { client } = await server((_, response) => {
      closed = event(response, 'close');
      response.writeHead(200, { 'content-length': '100' });
      response.write('{', () => controller.abort(reason));
    });
    const call = client.send('thing', rows.read, input, { apiKey, signal: controller.signal });
    await expect(call).rejects.toBe(reason);
    await closed;
  });

  test('a reason that is no error is wrapped in one', async () => {
    const controller = new AbortController();
    const { client } = await server(() => controller.abort('just a word'));
    const call = client.send('thing', rows.read, input, { apiKey, signal: controller.signal });
    await expect(call).rejects.toMatchObject({ message: 'aborted', cause: 'just a word' });
  });

  test('a signal outlives many calls without gathering listeners', async () => {
    const { client } = await server((_, response) => answerJson(response, {}));
    const controller = new AbortController();
    let listeners = 0;
    const add = controller.signal.addEventListener.bind(controller.signal);
    const remove = controller.signal.removeEventListener.bind(controller.signal);
    controller.signal.addEventListener = (...args: Parameters<typeof add>) => ((listeners += 1), add(...args));
    controller.signal.removeEventListener = (...args: Parameters<typeof remove>) => ((listeners -= 1), remove(...args));
    for (let call = 0; call < 20; call += 1)
      await client.send('thing', rows.read, input, { apiKey, signal: controller.signal });
    expect(listeners).toBe(0);
  });
});

describe('connections', () => {
  /** The next call may come before undici has the last one's connection back. */
  const FEW = 2;

  test('are kept alive: calls one after another share them', async () => {
    const { client, requests, connections } = await server((_, response) => answerJson(response, {}));
    for (let call = 0; call < 10; call += 1) await client.send('thing', rows.read, input, { apiKey });
    expect(requests.length).toBe(10);
    expect(connections()).toBeLessThanOrEqual(FEW);
  });

  test('are kept after an error answer', async () => {
    const { client, connections } = await server((_, response) => answerJson(response, { message: 'no' }, 404));
    for (let call = 0; call < 10; call += 1) await failureOf(client.send('thing', rows.read, input, { apiKey }));
    expect(connections()).toBeLessThanOrEqual(FEW);
  });

  test('that the server closes after its answer are opened anew', async () => {
    const { client, connections } = await server((_, response) =>
      answerJson(response, {}, 200, { connection: 'close' }),
    );
    for (let call = 0; call < 3; call += 1) await client.send('thing', rows.once, input, { apiKey });
    expect(connections()).toBe(3);
  });

  test('an early hint before the answer is no answer', async () => {
    const { client } = await server((_, response) => {
      response.writeEarlyHints({ link: '</x>; rel=preload' });
      answerJson(response, { a: 1 });
    });
    expect(await client.send('thing', rows.once, input, { apiKey })).toEqual({ a: 1 });
  });

  test('a client closes when its last answer is in', async () => {
    let closed: Promise<void> | undefined;
    const started = use(
      await startServer((_, response) => {
        closed = closing.close();
        setImmediate(() => answerJson(response, { late: true }));
      }),
    );
    const closing = clientFor(started.origin);
    expect(await closing.send('thing', rows.once, input, { apiKey })).toEqual({ late: true });
    await closed;
    expect((await failureOf(closing.send('thing', rows.once, input, { apiKey }))).type).toBe('AlgoliaUnavailable');
  });
});
