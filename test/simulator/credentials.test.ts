import { ingestionClient } from '@algolia/ingestion';
import { expect, test } from 'vitest';
import { createChain, officialClient, openSimulator, refusal, search } from './stage.ts';

const INVALID = { status: 403, message: 'Invalid Application-ID or API key' };

test('an unknown key, a foreign application and missing credentials are refused', async () => {
  const { simulator } = await openSimulator();
  expect(await refusal(officialClient({ ...simulator, apiKey: 'wrong' }).listTasks())).toMatchObject(INVALID);
  expect(await refusal(officialClient({ ...simulator, applicationId: 'OTHER' }).listTasks())).toMatchObject(INVALID);
  const response = await fetch(`${simulator.url}/2/tasks`);
  expect(response.status).toBe(401);
});

test('credentials may stand in the query, as browsers send them', async () => {
  const { simulator } = await openSimulator();
  const client = ingestionClient(simulator.applicationId, simulator.apiKey, 'eu', {
    hosts: [{ url: `127.0.0.1:${simulator.port}`, accept: 'readWrite', protocol: 'http' }],
    authMode: 'WithinQueryParameters',
  });
  expect((await client.listTasks()).tasks).toEqual([]);
});

test('a key needs all three rights, even to read', async () => {
  const { simulator } = await openSimulator();
  await simulator.control('POST /keys', { key: 'weak', acl: ['addObject', 'deleteIndex'] });
  const client = officialClient({ ...simulator, apiKey: 'weak' });
  expect(await refusal(client.listTasks())).toMatchObject({
    status: 403,
    message: 'Method not allowed with this API key',
  });
});

test('a key that was deleted, restored or has expired is treated so', async () => {
  const { simulator } = await openSimulator();
  await simulator.control('POST /keys', { key: 'short', validity: 60 });
  const client = officialClient({ ...simulator, apiKey: 'short' });
  expect((await client.listTasks()).tasks).toEqual([]);
  await simulator.control('DELETE /keys/short');
  expect(await refusal(client.listTasks())).toMatchObject(INVALID);
  expect((await search(simulator, 'POST /1/keys/short/restore', undefined, simulator.adminKey)).status).toBe(200);
  expect((await client.listTasks()).tasks).toEqual([]);
  await simulator.control('POST /clock', { advance: 61_000 });
  expect(await refusal(client.listTasks())).toMatchObject(INVALID);
});

test('a key restricted to indices pushes to no other', async () => {
  const { simulator, client } = await openSimulator();
  await createChain(client, { indexName: 'prod_films' });
  await createChain(client, { indexName: 'dev_films' });
  await simulator.control('POST /keys', { key: 'dev', indexes: ['dev_*'] });
  const dev = officialClient({ ...simulator, apiKey: 'dev' });
  const pushTaskPayload = { action: 'addObject' as const, records: [{ objectID: '1' }] };
  expect(await dev.push({ indexName: 'dev_films', pushTaskPayload })).toHaveProperty('runID');
  expect(await refusal(dev.push({ indexName: 'prod_films', pushTaskPayload }))).toMatchObject({
    status: 403,
    message: 'Index not allowed with this API key',
  });
});
