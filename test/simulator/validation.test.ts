import { expect, test } from 'vitest';
import { createChain, openSimulator, refusal, search } from './stage.ts';

const bad = (message: string) => ({ status: 400, message });

test.for([
  ['POST /1/sources', { type: 'json', name: 's', input: { url: 1 } }, 'input.url: must be of type string'],
  ['POST /1/sources', { type: 'json', name: 's', input: { url: 'u', colour: 1 } }, 'input.colour: unknown field'],
  ['POST /1/sources', { type: 'json', name: 's', nmae: 's' }, 'nmae: unknown field'],
  ['POST /1/sources', { type: 'json', name: 's' }, 'input: is required for a source of type json'],
  ['POST /1/sources', { type: 'push', name: 's', input: { url: 'u' } }, 'input: a source of type push takes no input'],
  [
    'POST /1/sources',
    { type: 'csv', name: 's', input: { url: 'u', delimiter: ' ' } },
    'input.delimiter: is not an allowed delimiter',
  ],
  [
    'POST /1/sources',
    { type: 'json', name: 's', input: { url: 'u' }, authenticationID: 'x' },
    'Authentication x does not exist',
  ],
  ['POST /1/sources', { type: 'shopify', name: 's', input: { url: 'u' } }, 'input.shopURL: is required'],
  ['POST /1/sources', [1], 'body: must be of type object'],
  ['POST /1/authentications', { type: 'basic', name: 'a', input: { key: 'k' } }, 'input.username: is required'],
  ['POST /1/authentications', { type: 'secrets', name: 'a', input: { a: 1 } }, 'input.a: must be of type string'],
  [
    'POST /1/authentications',
    { type: 'basic', name: 'a', platform: 'amazon', input: {} },
    'platform: must be one of bigcommerce, commercetools, shopify',
  ],
  ['POST /1/destinations', { type: 'search', name: 'd', input: {} }, 'input.indexName: is required'],
  [
    'POST /1/destinations',
    { type: 'search', name: 'd', input: { indexName: 'i' }, transformationIDs: ['t'] },
    'Transformation t does not exist',
  ],
  ['POST /2/tasks', { sourceID: 'x', destinationID: 'y', action: 'save' }, 'Source x does not exist'],
  [
    'POST /2/tasks',
    { sourceID: 'x', destinationID: 'y', action: 'save', cron: 'often' },
    'cron: is not a valid cron expression',
  ],
  ['POST /1/transformations', { name: 't' }, 'input: is required'],
  ['POST /1/transformations', { name: 't', type: 'code', input: { steps: [] } }, 'input.code: is required'],
  ['POST /2/tasks/search', { taskIDs: 'x' }, 'taskIDs: must be of type array'],
  ['GET /2/tasks?sort=name', undefined, 'sort: must be one of enabled, triggerType, action, updatedAt, createdAt'],
  ['GET /2/tasks?itemsPerPage=101', undefined, 'itemsPerPage: must be an integer between 1 and 100'],
  ['GET /2/tasks?page=0', undefined, 'page: must be an integer above 0'],
  [
    'GET /2/tasks?action=save,keep',
    undefined,
    'action: must be one of replace, save, partial, partialNoCreate, append',
  ],
  ['GET /1/runs?startDate=yesterday', undefined, 'startDate: must be a date in RFC 3339 format'],
  ['GET /1/runs?startDate=2026-02-02&endDate=2026-02-01', undefined, 'startDate: must be before endDate'],
] as const)('%s %j is refused: %s', async ([route, body, message]) => {
  const { simulator } = await openSimulator();
  expect(await search(simulator, route, body)).toEqual({ status: 400, body: { message } });
});

test('an update takes only what the type of the stored resource has', async () => {
  const { client } = await openSimulator();
  const { sourceID } = await createChain(client, { url: 'http://127.0.0.1:9/' });
  expect(await refusal(client.updateSource({ sourceID, sourceUpdate: { input: { indexName: 'i' } } }))).toMatchObject(
    bad('input.url: is required'),
  );
  const { authenticationID } = await client.createAuthentication({ type: 'apiKey', name: 'a', input: { key: 'k' } });
  const authenticationUpdate = { input: { username: 'u' } };
  expect(await refusal(client.updateAuthentication({ authenticationID, authenticationUpdate }))).toMatchObject(
    bad('input.username: unknown field'),
  );
});

test('an update replaces an input that must be given whole, and merges the others', async () => {
  const { client } = await openSimulator();
  const update = async (type: string, input: object, change: object) => {
    const { sourceID } = await client.createSource({ type, name: type, input } as never);
    await client.updateSource({ sourceID, sourceUpdate: { input: change as never } });
    return (await client.getSource({ sourceID })).input;
  };
  expect(await update('json', { url: 'a', uniqueIDColumn: 'id' }, { url: 'b' })).toEqual({ url: 'b' });
  const index = { indexName: 'a', filters: 'x:1' };
  expect(await update('algoliaIndex', index, { indexName: 'b' })).toEqual({ indexName: 'b', filters: 'x:1' });
});

test('a task takes an input only for the sources that have one', async () => {
  const { client } = await openSimulator();
  const task = { input: { streams: [{ name: 's', syncMode: 'fullTable' }] } };
  expect(await refusal(createChain(client, { url: 'u', task }))).toMatchObject(
    bad('input: tasks of a source of type json take no input'),
  );
});

test('what is not there is a 404, and what is not a route too', async () => {
  const { simulator, client } = await openSimulator();
  expect(await refusal(client.getTask({ taskID: 'x/y' }))).toMatchObject({
    status: 404,
    message: 'Task x/y not found',
  });
  expect(await refusal(client.deleteSource({ sourceID: 'x' }))).toMatchObject({ status: 404 });
  expect(await refusal(client.getRun({ runID: 'x' }))).toMatchObject({ status: 404 });
  expect(await refusal(client.customGet({ path: '1/nothing' }))).toMatchObject({ status: 404, message: 'Not Found' });
  expect((await search(simulator, 'PATCH /1/transformations', {})).status).toBe(405);
  expect((await search(simulator, 'GET /1/sources/%E0%A4%A')).status).toBe(400);
});

test('a body that is not JSON is refused', async () => {
  const { simulator } = await openSimulator();
  const headers = { 'x-algolia-application-id': 'DEMOAPP', 'x-algolia-api-key': 'demo-key' };
  const response = await fetch(`${simulator.url}/1/sources`, { method: 'POST', headers, body: '{' });
  expect([response.status, await response.json()]).toEqual([
    400,
    { message: 'Invalid JSON in the body of the request' },
  ]);
});

test('credentials are blanked in every answer, and a one-time code is never echoed', async () => {
  const { client } = await openSimulator();
  const inputs = {
    googleServiceAccount: [
      { clientEmail: 'e', privateKey: 'S' },
      { clientEmail: 'e', privateKey: null },
    ],
    basic: [
      { username: 'u', password: 'S' },
      { username: 'u', password: null },
    ],
    apiKey: [{ key: 'S' }, { key: null }],
    oauth: [
      { url: 'u', client_secret: 'S', code: 'S' },
      { url: 'u', client_secret: null },
    ],
    algolia: [
      { appID: 'a', apiKey: 'S' },
      { appID: 'a', apiKey: null },
    ],
    algoliaInsights: [
      { appID: 'a', apiKey: 'S' },
      { appID: 'a', apiKey: null },
    ],
    secrets: [
      { url: 'S', token: 'S' },
      { url: null, token: null },
    ],
  };
  for (const [type, [input, shown]] of Object.entries(inputs)) {
    const { authenticationID } = await client.createAuthentication({ type, name: type, input } as never);
    expect((await client.getAuthentication({ authenticationID })).input).toEqual(shown);
  }
  const input = { image: 'i', configuration: { token: 'S', nested: { user: 'S' } } };
  const { sourceID } = await client.createSource({ type: 'docker', name: 'd', input });
  expect((await client.getSource({ sourceID })).input).toEqual({
    image: 'i',
    configuration: { token: null, nested: { user: null } },
  });
});
