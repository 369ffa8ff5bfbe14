import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { codecKeys } from '../../src/codec/codec-keys.ts';
import { startCodecServer, type CodecServer } from '../../src/codec/codec-server.ts';

const KEYS = `k1:${randomBytes(32).toString('base64')}`;
const UI = 'http://localhost:8233';

let server: CodecServer;
beforeAll(async () => {
  server = await startCodecServer({ keys: codecKeys.parse(KEYS) });
});
afterAll(() => server?.stop());

const base64 = (text: string) => Buffer.from(text).toString('base64');
const PLAIN = { payloads: [{ metadata: { encoding: base64('json/plain') }, data: base64('{"a":1}') }] };

const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
  fetch(server.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-namespace': 'default', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

test('what it encodes it decodes, in the JSON of protobuf as the Web UI speaks it', async () => {
  const encoded = (await (await post('/encode', PLAIN)).json()) as typeof PLAIN;
  expect(encoded.payloads[0]?.metadata.encoding).toBe(base64('binary/encrypted'));
  const decoded = await post('/decode?preserveStorageRefs=true', encoded, { origin: UI });
  expect(decoded.headers.get('access-control-allow-origin')).toBe(UI);
  expect(await decoded.json()).toEqual(PLAIN);
});

test('a proxy may put a prefix before the path', async () => {
  expect((await post('/codec/default/encode', PLAIN)).status).toBe(200);
});

test("the browser's question is answered for pages on this machine, and for none from elsewhere", async () => {
  const ask = (origin: string) =>
    fetch(`${server.url}/decode`, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type,x-namespace',
      },
    });
  const allowed = await ask(UI);
  expect(allowed.status).toBe(204);
  expect(allowed.headers.get('access-control-allow-origin')).toBe(UI);
  expect(allowed.headers.get('access-control-allow-headers')).toContain('content-type,x-namespace');
  for (const origin of ['https://evil.example', 'http://localhost.evil.example', 'null', `${UI}.evil.example`]) {
    expect((await ask(origin)).status).toBe(403);
    expect((await post('/decode', PLAIN, { origin })).status).toBe(403);
  }
});

test('told where its Web UI is served, it answers that one only', async () => {
  const strict = await startCodecServer({ keys: codecKeys.parse(KEYS), origins: ['https://temporal.example.com'] });
  try {
    const status = async (origin: string) =>
      (await fetch(`${strict.url}/decode`, { method: 'OPTIONS', headers: { origin } })).status;
    expect(await status('https://temporal.example.com')).toBe(204);
    expect(await status(UI)).toBe(403);
  } finally {
    await strict.stop();
  }
});

test('what it cannot do it says, without repeating what it was sent', async () => {
  const foreign = {
    payloads: [{ metadata: { encoding: base64('binary/encrypted'), 'encryption-key-id': base64('k7') } }],
  };
  const unknownKey = await post('/decode', foreign);
  expect(unknownKey.status).toBe(400);
  expect(await unknownKey.json()).toEqual({
    message: "a payload is encrypted with the key 'k7', but TEMPORAL_CODEC_KEYS holds k1 only",
  });
  for (const body of ['swordfish', '[', '{"payloads": "swordfish"}', '{"payloads": [{"data": 7}]}', 'null']) {
    const answer = await post('/decode', body);
    expect(answer.status).toBe(400);
    expect(await answer.text()).not.toContain('swordfish');
  }
  expect((await post('/', PLAIN)).status).toBe(404);
  expect((await fetch(`${server.url}/decode`)).status).toBe(404);
});

test('a body that is too large is refused while it comes in', async () => {
  const chunk = Buffer.alloc(1024 * 1024, 'x');
  let sent = 0;
  const body = new ReadableStream({
    pull(controller) {
      if ((sent += 1) > 100) controller.close();
      else controller.enqueue(chunk);
    },
  });
  // The connection may be closed before the answer is read; the rest is not taken in either way.
  const status = await fetch(`${server.url}/encode`, { method: 'POST', body, duplex: 'half' } as RequestInit).then(
    (answer) => answer.status,
    () => 'closed',
  );
  expect([413, 'closed']).toContain(status);
  expect(sent).toBeLessThan(100);
  expect((await post('/encode', PLAIN)).status).toBe(200);
});

test('a request whose target is no URL is answered, and the next one too', async () => {
  const { hostname, port } = new URL(server.url);
  const ask = request({ hostname, port, path: '//', method: 'POST' }).end();
  const [answer] = (await once(ask, 'response')) as [IncomingMessage];
  answer.resume();
  expect(answer.statusCode).toBe(404);
  expect((await post('/encode', PLAIN)).status).toBe(200);
});
