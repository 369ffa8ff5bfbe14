import { expect, test } from 'vitest';
import { indexOf, openSimulator, search, until } from './stage.ts';

test('keys are made, read, changed, deleted and restored with an admin key', async () => {
  const { simulator } = await openSimulator();
  const asAdmin = (route: string, body?: unknown) => search(simulator, route, body, simulator.adminKey);
  const acl = ['addObject', 'deleteIndex', 'editSettings'];
  const created = await asAdmin('POST /1/keys', {
    acl,
    description: 'rotation 1',
    indexes: ['dev_*'],
    maxHitsPerQuery: 5,
  });
  expect(created).toEqual({
    status: 200,
    body: { key: expect.stringMatching(/^[0-9a-f]{32}$/), createdAt: expect.any(String) },
  });
  const key = String(created.body.key);
  const shown = {
    value: key,
    acl,
    description: 'rotation 1',
    indexes: ['dev_*'],
    maxHitsPerQuery: 5,
    validity: 0,
    createdAt: expect.any(Number),
  };
  expect((await asAdmin(`GET /1/keys/${key}`)).body).toEqual(shown);
  expect((await asAdmin('GET /1/keys')).body.keys).toHaveLength(2);
  expect((await asAdmin(`PUT /1/keys/${key}`, { acl: ['search'] })).body).toMatchObject({ key });
  expect((await asAdmin(`GET /1/keys/${key}`)).body).toMatchObject({ acl: ['search'], description: '' });
  expect((await asAdmin(`DELETE /1/keys/${key}`)).body).toHaveProperty('deletedAt');
  expect(await asAdmin(`GET /1/keys/${key}`)).toEqual({
    status: 404,
    body: { message: 'Key does not exist', status: 404 },
  });
  expect((await asAdmin(`POST /1/keys/${key}/restore`)).body).toMatchObject({ key });
  expect((await asAdmin(`GET /1/keys/${key}`)).status).toBe(200);
  expect((await asAdmin('POST /1/keys', { acl: ['everything'] })).status).toBe(400);
});

test('a key without admin rights may look at itself, and at nothing else of keys', async () => {
  const { simulator } = await openSimulator();
  expect((await search(simulator, 'GET /1/keys/demo-key')).body).toMatchObject({ value: 'demo-key' });
  for (const route of ['GET /1/keys', `GET /1/keys/${simulator.adminKey}`, 'DELETE /1/keys/demo-key'])
    expect((await search(simulator, route)).status).toBe(403);
  expect((await search(simulator, `DELETE /1/keys/${simulator.adminKey}`, undefined, simulator.adminKey)).status).toBe(
    400,
  );
});

test('a new key may take a moment to be accepted', async () => {
  const { simulator } = await openSimulator();
  await simulator.control('POST /clock', { keyMs: 60_000, speed: 1 });
  const { body } = await search(simulator, 'POST /1/keys', { acl: ['listIndexes'] }, simulator.adminKey);
  const status = async () => (await search(simulator, 'GET /1/indexes', undefined, String(body.key))).status;
  expect(await status()).toBe(403);
  await simulator.control('POST /clock', { advance: 60_000 });
  expect(await status()).toBe(200);
});

test('an index is copied, moved and deleted by tasks that are published a little later', async () => {
  const { simulator } = await openSimulator({ runSpeed: 1, indexTaskMs: 60_000 });
  const call = async (route: string, body?: unknown) => (await search(simulator, route, body)).body;
  const settle = () => simulator.control('POST /clock', { advance: 60_000 });
  await call('POST /1/indexes/a/batch', {
    requests: [{ action: 'addObject', body: { objectID: '1', title: 'Alien' } }],
  });
  await call('PUT /1/indexes/a/settings', { hitsPerPage: 7 });
  await call('POST /1/indexes/a/rules/batch', [{ objectID: 'r' }]);
  await call('POST /1/indexes/a/synonyms/batch', [{ objectID: 's' }]);
  await settle();
  expect(await call('GET /1/indexes/a/settings')).toEqual({ hitsPerPage: 7 });

  const scoped = await call('POST /1/indexes/a/operation', {
    operation: 'copy',
    destination: 'b',
    scope: ['settings', 'rules'],
  });
  expect(await call(`GET /1/indexes/a/task/${String(scoped.taskID)}`)).toEqual({
    status: 'notPublished',
    pendingTask: true,
  });
  expect(await call('GET /1/indexes/b/settings')).toEqual({ message: 'Index b does not exist', status: 404 });
  await settle();
  expect(await call(`GET /1/indexes/a/task/${String(scoped.taskID)}`)).toEqual({
    status: 'published',
    pendingTask: false,
  });
  expect(await indexOf(simulator, 'b')).toMatchObject({
    count: 0,
    settings: { hitsPerPage: 7 },
    rules: [{ objectID: 'r' }],
    synonyms: [],
  });

  await call('POST /1/indexes/a/operation', { operation: 'move', destination: 'c' });
  await call('POST /1/indexes/nothing/operation', { operation: 'move', destination: 'd' });
  expect(await call('GET /1/indexes')).toMatchObject({
    items: [
      { name: 'a', entries: 1, numberOfPendingTasks: 1 },
      { name: 'b', entries: 0 },
    ],
  });
  await settle();
  expect(await call('GET /1/indexes')).toMatchObject({ items: [{ name: 'b' }, { name: 'c', entries: 1 }], nbPages: 1 });
  expect(await call('POST /1/indexes/c/synonyms/search', {})).toMatchObject({ nbHits: 1 });

  await call('DELETE /1/indexes/b');
  await settle();
  expect((await call('GET /1/indexes')).items).toHaveLength(1);
  expect(await call('GET /1/indexes/c/task/999')).toMatchObject({ status: 404 });
});

test('records are searched, browsed and read', async () => {
  const { simulator } = await openSimulator();
  const call = async (route: string, body?: unknown) => (await search(simulator, route, body)).body;
  const requests = Array.from({ length: 5 }, (_, i) => ({
    action: 'addObject',
    body: { objectID: String(i), title: i === 3 ? 'Brazil' : 'Alien' },
  }));
  await call('POST /1/indexes/films/batch', { requests });
  await until(
    () => call('POST /1/indexes/films/query', { query: '' }),
    ({ nbHits }) => nbHits === 5,
  );
  expect(await call('POST /1/indexes/films/query', { query: 'braz', hitsPerPage: 0 })).toMatchObject({
    nbHits: 1,
    hits: [],
  });
  expect(await call('GET /1/indexes/films/3')).toEqual({ objectID: '3', title: 'Brazil' });
  expect(await call('GET /1/indexes/films/9')).toMatchObject({ status: 404 });
  const seen: unknown[] = [];
  let cursor: unknown;
  do {
    const page = await call('POST /1/indexes/films/browse', {
      hitsPerPage: 2,
      ...(cursor !== undefined && { cursor }),
    });
    seen.push(...(page.hits as unknown[]));
    cursor = page.cursor;
  } while (cursor !== undefined);
  expect(seen).toHaveLength(5);
  expect(await call('GET /1/indexes/films/browse?hitsPerPage=3')).toMatchObject({ hits: { length: 3 } });
});
