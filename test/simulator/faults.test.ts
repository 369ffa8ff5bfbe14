import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { createChain, openSimulator, refusal } from './stage.ts';

async function openFaulty(fault: Record<string, unknown>) {
  const { simulator, client } = await openSimulator();
  await simulator.control('POST /faults', { operation: 'createSource', ...fault });
  const create = (timeoutMs = 10_000) =>
    fetch(`${simulator.url}/1/sources`, {
      method: 'POST',
      headers: { 'x-algolia-application-id': 'DEMOAPP', 'x-algolia-api-key': 'demo-key' },
      body: JSON.stringify({ type: 'push', name: 'p' }),
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
    });
  const created = async () => (await client.listSources()).pagination.nbItems;
  return { simulator, client, create, created };
}

test('status: the answer is another, the first times only, and nothing is done', async () => {
  const { create, created } = await openFaulty({
    kind: 'status',
    status: 429,
    headers: { 'retry-after': 7 },
    message: 'slow down',
    times: 2,
  });
  for (let i = 0; i < 2; i += 1) {
    const response = await create();
    expect([response.status, response.headers.get('retry-after'), await response.json()]).toEqual([
      429,
      '7',
      { message: 'slow down' },
    ]);
  }
  expect(await created()).toBe(0);
  expect((await create()).status).toBe(200);
});

test('status with perform: it is done, but the answer says otherwise', async () => {
  const { create, created } = await openFaulty({ kind: 'status', status: 503, body: { error: 'x' }, perform: true });
  const response = await create();
  expect([response.status, await response.json(), await created()]).toEqual([503, { error: 'x' }, 1]);
});

test('reset: the connection is dropped before it is done, or in the middle of the answer', async () => {
  const { create, created, simulator } = await openFaulty({ kind: 'reset' });
  await expect(create()).rejects.toThrow('fetch failed');
  expect(await created()).toBe(0);
  await simulator.control('POST /faults', { operation: '*', kind: 'reset', where: 'body' });
  const response = await create();
  expect(response.status).toBe(200);
  await expect(response.text()).rejects.toThrow('terminated');
});

test('loseAnswer: it is done, and nobody is told', async () => {
  const { create, created } = await openFaulty({ kind: 'loseAnswer' });
  await expect(create()).rejects.toThrow('fetch failed');
  expect(await created()).toBe(1);
});

test('truncate: it is done, and half of the answer arrives', async () => {
  const { create, created } = await openFaulty({ kind: 'truncate' });
  await expect(create().then((response) => response.json())).rejects.toThrow('terminated');
  expect(await created()).toBe(1);
});

test('hang: no answer comes, or a late one', async () => {
  const { create, created } = await openFaulty({ kind: 'hang' });
  await expect(create(200)).rejects.toThrow('timeout');
  expect(await created()).toBe(0);
  const late = await openFaulty({ kind: 'hang', ms: 20 });
  expect((await late.create()).status).toBe(200);
});

test('drip: the answer comes byte by byte', async () => {
  const { create } = await openFaulty({ kind: 'drip', ms: 1 });
  expect(await (await create()).json()).toMatchObject({ name: 'p' });
});

test('wrongType: it is done, and the answer says that it is text', async () => {
  const { create, created } = await openFaulty({ kind: 'wrongType' });
  const response = await create();
  expect([response.headers.get('content-type'), await created()]).toEqual(['text/plain; charset=utf-8', 1]);
});

test('huge: the answer is larger than anybody wants', async () => {
  const { create } = await openFaulty({ kind: 'huge' });
  const response = await create();
  expect(Number(response.headers.get('content-length'))).toBe(1024 ** 3);
  await response.body?.cancel();
});

test('reset at the end: it is done, the answer is complete, and the connection is closed', async () => {
  const { create, created } = await openFaulty({ kind: 'reset', where: 'end' });
  expect(await (await create()).json()).toMatchObject({ name: 'p' });
  expect(await created()).toBe(1);
});

test('slow: the answer takes its time', async () => {
  const { create } = await openFaulty({ kind: 'slow', ms: 30 });
  expect((await create()).status).toBe(200);
});

test('html, redirect, corruptGzip, emptyBody and invalidSchema: answers that are no answers', async () => {
  const html = await (await openFaulty({ kind: 'html', status: 429 })).create();
  expect([html.status, html.headers.get('content-type')]).toEqual([429, 'text/html; charset=utf-8']);
  expect(await html.text()).toContain('<html>');
  const redirect = await (await openFaulty({ kind: 'redirect' })).create();
  expect([redirect.status, redirect.headers.has('location')]).toEqual([302, true]);
  const gzip = await openFaulty({ kind: 'corruptGzip' });
  await expect(gzip.create().then((response) => response.text())).rejects.toThrow('terminated');
  expect(await gzip.created()).toBe(1);
  const empty = await (await openFaulty({ kind: 'emptyBody' })).create();
  expect([empty.status, await empty.text()]).toEqual([200, '']);
  const schema = await openFaulty({ kind: 'invalidSchema', body: { sourceID: 7 } });
  expect(await (await schema.create()).json()).toEqual({ sourceID: 7 });
  expect(await schema.created()).toBe(1);
});

test('a fault spares the first, matches what is in the request, and can be for ever', async () => {
  const { simulator, client } = await openSimulator();
  const { taskID } = await createChain(client);
  const other = await createChain(client);
  await simulator.control('POST /faults', {
    operation: 'getTask',
    kind: 'status',
    status: 418,
    times: -1,
    after: 1,
    match: { taskID },
  });
  expect(await client.getTask({ taskID })).toHaveProperty('taskID');
  for (let i = 0; i < 3; i += 1) expect(await refusal(client.getTask({ taskID }))).toMatchObject({ status: 418 });
  expect(await client.getTask({ taskID: other.taskID })).toHaveProperty('taskID');
  const { faults } = await simulator.control<{ faults: unknown[] }>('GET /faults');
  expect(faults).toMatchObject([{ operation: 'getTask', times: -1, hits: 3 }]);
  await simulator.control('DELETE /faults');
  expect(await client.getTask({ taskID })).toHaveProperty('taskID');
});

test('* hits any operation, but never the control API', async () => {
  const { simulator, client } = await openSimulator();
  await simulator.control('POST /faults', { operation: '*', kind: 'status', status: 418, times: -1 });
  expect(await refusal(client.listSources())).toMatchObject({ status: 418 });
  expect(await refusal(client.listRuns())).toMatchObject({ status: 418 });
  expect(await simulator.control('GET /state')).toHaveProperty('counts');
});

test('a fault that is not one is refused', async () => {
  const { simulator } = await openSimulator();
  await expect(simulator.control('POST /faults', { operation: '*', kind: 'explode' })).rejects.toThrow(
    'kind: must be one of status, reset',
  );
});

test('large answers are compressed for who accepts it, and requests may be', async () => {
  const { simulator, client } = await openSimulator();
  for (let i = 0; i < 10; i += 1) await client.createSource({ type: 'push', name: 'p'.repeat(100) });
  const headers = { 'x-algolia-application-id': 'DEMOAPP', 'x-algolia-api-key': 'demo-key', 'accept-encoding': 'gzip' };
  const response = await fetch(`${simulator.url}/1/sources`, { headers });
  expect(response.headers.get('content-encoding')).toBe('gzip');
  expect(await response.json()).toHaveProperty('sources');
  const compressed = await fetch(`${simulator.url}/1/sources/search`, {
    method: 'POST',
    headers: { ...headers, 'content-encoding': 'gzip' },
    body: gzipSync('{"sourceIDs":[]}'),
  });
  expect([compressed.status, await compressed.json()]).toEqual([200, []]);
});

test('a rate limit answers 429 with Retry-After', async () => {
  const { simulator } = await openSimulator({ rateLimit: 2 });
  const statuses = await Promise.all(
    Array.from({ length: 20 }, async () => (await fetch(`${simulator.url}/2/tasks`)).status),
  );
  expect(statuses.filter((status) => status === 429).length).toBeGreaterThanOrEqual(16);
});

test('an outage refuses connections and forgets nothing', async () => {
  const { simulator, client } = await openSimulator();
  await client.createSource({ type: 'push', name: 'kept' });
  await simulator.control('POST /outage', { ms: 100 });
  await expect(client.listSources()).rejects.toThrow('Unreachable hosts');
  let sources: { name: string }[] = [];
  while (sources.length === 0)
    sources = await client.listSources().then(
      (list) => list.sources,
      () => [],
    );
  expect(sources).toMatchObject([{ name: 'kept' }]);
});
