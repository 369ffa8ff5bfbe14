import { expect, test } from 'vitest';
import { createChain, indexOf, openSimulator, refusal, runToEnd, serve, until } from './stage.ts';

const films = JSON.stringify([
  { id: 1, title: 'Alien' },
  { id: 2, title: 'Brazil' },
]);

test('a run fetches the source, transforms, and writes what can be read back, with events and progress', async () => {
  const { simulator, client } = await openSimulator({ batchSize: 10, runSpeed: 1, runMs: 100_000 });
  const url = await serve(JSON.stringify(Array.from({ length: 25 }, (_, id) => ({ id, price: { net: 1, gross: 2 } }))));
  const code = 'async function transform(record) { return { ...record, kind: "film" }; }';
  const { taskID } = await createChain(client, { url, code, destination: { attributesToExclude: ['price.net'] } });
  const { runID } = await client.runTask({ taskID });
  const after = async (advance: number) => {
    await simulator.control('POST /clock', { advance });
    return client.getRun({ runID });
  };
  expect(await after(0)).toMatchObject({ status: 'created' });
  const received: unknown[] = [];
  for (let i = 0; i < 3; i += 1) {
    const { status, progress } = await after(i === 0 ? 11_000 : 30_000);
    received.push([status, progress?.receivedNbOfEvents]);
  }
  expect(received).toEqual([
    ['started', 1],
    ['started', 3],
    ['started', 5],
  ]);
  const run = await after(30_000);
  expect(run).toMatchObject({
    outcome: 'success',
    reasonCode: 'ok',
    progress: { expectedNbOfEvents: 7, receivedNbOfEvents: 7 },
  });
  const { events } = await client.listEvents({ runID, order: 'asc' });
  expect(events.map(({ type, status, batchSize }) => `${type} ${status} ${batchSize}`)).toEqual([
    'fetch succeeded 25',
    ...[10, 10, 5].flatMap((size) => [`transform succeeded ${size}`, `record succeeded ${size}`]),
  ]);
  const index = await indexOf(simulator, 'movies');
  expect(index.count).toBe(25);
  expect(index.records[24]).toEqual({ objectID: '24', id: 24, kind: 'film', price: { gross: 2 } });
  expect(await client.getTask({ taskID })).toMatchObject({ lastRun: run.createdAt });
});

test('a source that is unreachable makes the run fail critically, with a failed event', async () => {
  const { client } = await openSimulator();
  const { taskID } = await createChain(client, { url: 'http://127.0.0.1:9/' });
  const run = await runToEnd(client, taskID);
  expect(run).toMatchObject({ status: 'finished', outcome: 'failure', reasonCode: 'critical' });
  expect(run.reason).toContain('the source is unreachable');
  expect((await client.listEvents({ runID: run.runID })).events).toMatchObject([
    { type: 'fetch', status: 'failed', data: { message: run.reason } },
  ]);
});

test('a source that answers an error, or no JSON, makes the run fail critically', async () => {
  const { client } = await openSimulator();
  const failing = await serve((_, response) => response.writeHead(503).end());
  const page = await serve('<html>');
  for (const [url, reason] of [
    [failing, 'the source answered 503 Service Unavailable'],
    [page, 'the source is not valid JSON in line 1'],
  ] as const) {
    const { taskID } = await createChain(client, { url });
    expect(await runToEnd(client, taskID)).toMatchObject({ reasonCode: 'critical', reason });
  }
});

test('an empty source is a run without events, which leaves the index alone', async () => {
  const { simulator, client } = await openSimulator();
  let content = films;
  const url = await serve((_, response) => response.end(content));
  const { taskID } = await createChain(client, { url });
  await runToEnd(client, taskID);
  content = '[]';
  expect(await runToEnd(client, taskID)).toMatchObject({ outcome: 'success', reasonCode: 'no_events' });
  expect((await indexOf(simulator, 'movies')).count).toBe(2);
});

test('NDJSON and CSV are read, with delimiter and types', async () => {
  const { simulator, client } = await openSimulator();
  const ndjson = await serve('{"objectID":"a"}\n\n{"objectID":"b"}\n');
  const chain = await createChain(client, { source: { type: 'json', input: { url: ndjson } }, indexName: 'nd' });
  expect(await runToEnd(client, chain.taskID)).toMatchObject({ outcome: 'success' });
  expect((await indexOf(simulator, 'nd')).records).toEqual([{ objectID: 'a' }, { objectID: 'b' }]);

  const csv = await serve(
    '\uFEFFcode;name;seats;open;tags\nLAX;"Los; Angeles";12;true;"[1]"\nJFK;New York;many;false;[]\n',
  );
  const mapping = { seats: 'integer', open: 'boolean', tags: 'json' };
  const source = { type: 'csv', input: { url: csv, uniqueIDColumn: 'code', delimiter: ';', mapping } };
  const { taskID } = await createChain(client, { source, indexName: 'csv', task: { failureThreshold: 50 } });
  const run = await runToEnd(client, taskID);
  expect(run).toMatchObject({ outcome: 'success', failureThreshold: 50 });
  expect((await indexOf(simulator, 'csv')).records).toEqual([
    { objectID: 'LAX', code: 'LAX', name: 'Los; Angeles', seats: 12, open: true, tags: [1] },
  ]);
  expect((await client.listEvents({ runID: run.runID, status: ['failed'] })).events).toMatchObject([
    { type: 'record', batchSize: 1, data: { objectIDs: ['JFK'] } },
  ]);
});

test('a source is asked with the credentials of its authentication', async () => {
  const { client } = await openSimulator();
  const url = await serve((request, response) => {
    const right = request.headers.authorization === `Basic ${Buffer.from('u:p').toString('base64')}`;
    response.writeHead(right ? 200 : 401).end(films);
  });
  const authenticate = (password: string) =>
    client.createAuthentication({ type: 'basic', name: 'a', input: { username: 'u', password } });
  for (const [password, outcome] of [
    ['p', 'success'],
    ['wrong', 'failure'],
  ] as const) {
    const { authenticationID } = await authenticate(password);
    const { taskID } = await createChain(client, { source: { type: 'json', input: { url }, authenticationID } });
    expect(await runToEnd(client, taskID)).toMatchObject({ outcome });
  }
});

test('more failed records than the threshold allows make the run fail, and a replacement is not made', async () => {
  const { simulator, client } = await openSimulator();
  const url = await serve(films);
  const { taskID } = await createChain(client, { url });
  await runToEnd(client, taskID);
  await simulator.control('POST /records/fail', { indexName: 'movies', objectIDs: ['2'] });
  const run = await runToEnd(client, taskID);
  expect(run).toMatchObject({ outcome: 'failure', reasonCode: 'too_many_errors' });
  expect(run.reason).toBe('1 of 2 records failed (50.0 %), which is more than 0 %');
  expect((await indexOf(simulator, 'movies')).count).toBe(2);
  await client.updateTask({ taskID, taskUpdate: { failureThreshold: 50 } });
  expect(await runToEnd(client, taskID)).toMatchObject({ outcome: 'success' });
  expect((await indexOf(simulator, 'movies')).records).toMatchObject([{ objectID: '1' }]);
});

test('each action does to the index what it says', async () => {
  const { simulator, client } = await openSimulator();
  let content: unknown[] = [];
  const url = await serve((_, response) => response.end(JSON.stringify(content)));
  const { taskID, destinationID } = await createChain(client, { url });
  const ingest = async (action: 'replace' | 'save' | 'partial' | 'partialNoCreate' | 'append', records: unknown[]) => {
    content = records;
    await client.replaceTask({ taskID, taskReplace: { destinationID, action } });
    await runToEnd(client, taskID);
    return (await indexOf(simulator, 'movies')).records.map(({ objectID: _, ...record }) => record);
  };
  expect(await ingest('save', [{ id: 1, a: 1 }])).toEqual([{ id: 1, a: 1 }]);
  expect(await ingest('partial', [{ id: 1, b: 1 }, { id: 2 }])).toEqual([{ id: 1, a: 1, b: 1 }, { id: 2 }]);
  expect(await ingest('partialNoCreate', [{ id: 2, c: 1 }, { id: 3 }])).toEqual([
    { id: 1, a: 1, b: 1 },
    { id: 2, c: 1 },
  ]);
  expect(await ingest('append', [{ id: 4 }])).toEqual([{ id: 1, a: 1, b: 1 }, { id: 2, c: 1 }, { id: 4 }]);
  expect(await ingest('replace', [{ id: 5 }])).toEqual([{ id: 5 }]);
});

test('runs of one task may overlap', async () => {
  const { client } = await openSimulator();
  const { taskID } = await createChain(client, { url: await serve(films) });
  const [a, b] = await Promise.all([client.runTask({ taskID }), client.runTask({ taskID })]);
  expect(a.runID).not.toBe(b.runID);
  await until(
    () => client.listRuns({ taskID, status: ['finished'] }),
    ({ runs }) => runs.length === 2,
  );
});

test('a disabled task refuses to run, and so does a push task', async () => {
  const { client } = await openSimulator();
  const { taskID } = await createChain(client, { url: 'u' });
  await client.disableTask({ taskID });
  expect(await refusal(client.runTask({ taskID }))).toMatchObject({ status: 400 });
  const push = await createChain(client);
  expect(await refusal(client.runTask({ taskID: push.taskID }))).toMatchObject({ status: 400 });
});

test('critical failures in a row block a task', async () => {
  const { client } = await openSimulator();
  const { taskID } = await createChain(client, {
    url: 'http://127.0.0.1:9/',
    task: { policies: { criticalThreshold: 2 } },
  });
  expect(await runToEnd(client, taskID)).toMatchObject({ reasonCode: 'critical' });
  expect(await runToEnd(client, taskID)).toMatchObject({ outcome: 'failure', reasonCode: 'blocking' });
  expect(await client.getTask({ taskID })).toMatchObject({ enabled: false });
  await client.enableTask({ taskID });
  expect(await runToEnd(client, taskID)).toMatchObject({ reasonCode: 'critical' });
});

test('deleting a task cancels its runs', async () => {
  const { simulator, client } = await openSimulator();
  const { taskID } = await createChain(client, { url: 'u' });
  await simulator.control('POST /runs/script', { taskID, neverFinish: true });
  const { runID } = await client.runTask({ taskID });
  await client.deleteTask({ taskID });
  expect(await client.getRun({ runID })).toMatchObject({
    status: 'finished',
    outcome: 'failure',
    reasonCode: 'cancelled',
  });
});

test('another index is a source', async () => {
  const { simulator, client } = await openSimulator();
  const first = await createChain(client, { url: await serve(films) });
  await runToEnd(client, first.taskID);
  const source = { type: 'algoliaIndex', input: { indexName: 'movies', filters: 'title:Alien' } };
  const { taskID } = await createChain(client, { source, indexName: 'copy' });
  expect(await runToEnd(client, taskID)).toMatchObject({ outcome: 'success' });
  expect((await indexOf(simulator, 'copy')).records).toEqual([{ objectID: '1', id: 1, title: 'Alien' }]);
});

test('what cannot be reached from here fails honestly until records or a URL are attached', async () => {
  const { simulator, client } = await openSimulator();
  const source = { type: 'bigquery', input: { projectID: 'p', datasetID: 'd', uniqueIDColumn: 'id' } };
  const { taskID, sourceID } = await createChain(client, { source });
  expect(await runToEnd(client, taskID)).toMatchObject({ reasonCode: 'critical', outcome: 'failure' });
  await simulator.control(`POST /sources/${sourceID}/records`, { records: [{ id: 7 }] });
  expect(await runToEnd(client, taskID)).toMatchObject({ outcome: 'success' });
  await simulator.control(`POST /sources/${sourceID}/records`, { url: await serve(films) });
  expect(await runToEnd(client, taskID)).toMatchObject({ outcome: 'success' });
  expect((await indexOf(simulator, 'movies')).count).toBe(2);
});

test('runSource runs the enabled tasks of a shop, of the indices and entities asked for', async () => {
  const { simulator, client } = await openSimulator();
  await simulator.control('POST /sources/shopify/records', { records: [{ objectID: 'a' }, { objectID: 'b' }] });
  const source = { type: 'shopify', input: { shopURL: 's' } };
  const { sourceID, destinationID, taskID } = await createChain(client, { source, indexName: 'shop' });
  const { taskID: disabled } = await client.createTask({ sourceID, destinationID, action: 'save', enabled: false });
  const all = await client.runSource({ sourceID, runSourcePayload: { entityIDs: ['b'], entityType: 'product' } });
  expect(all.taskWithRunID).toEqual({ [taskID]: expect.any(String) });
  expect(all.taskWithRunID).not.toHaveProperty(disabled);
  await until(
    () => client.getRun({ runID: all.taskWithRunID[taskID] ?? '' }),
    ({ status }) => status === 'finished',
  );
  expect((await indexOf(simulator, 'shop')).records).toEqual([{ objectID: 'b' }]);
  const none = await client.runSource({ sourceID, runSourcePayload: { indexToExclude: ['shop'] } });
  expect(none.taskWithRunID).toEqual({});
  const json = await createChain(client, { url: 'u' });
  expect(await refusal(client.runSource({ sourceID: json.sourceID }))).toMatchObject({ status: 400 });
});

test('a destination whose key was revoked takes no more records', async () => {
  const { simulator, client } = await openSimulator();
  await simulator.control('POST /keys', { key: 'destination-key' });
  const input = { appID: simulator.applicationId, apiKey: 'destination-key' };
  const { authenticationID } = await client.createAuthentication({ type: 'algolia', name: 'a', input });
  const { taskID, destinationID } = await createChain(client, { url: await serve(films) });
  await client.updateDestination({ destinationID, destinationUpdate: { authenticationID } });
  expect(await runToEnd(client, taskID)).toMatchObject({ outcome: 'success' });
  await simulator.control('DELETE /keys/destination-key');
  expect(await runToEnd(client, taskID)).toMatchObject({ outcome: 'failure', reasonCode: 'critical' });
});

test('validating answers 200 with a sample, or with events that failed', async () => {
  const { client } = await openSimulator();
  const url = await serve(films);
  const valid = await client.validateSource({ type: 'json', name: 's', input: { url } });
  expect(valid).toMatchObject({ data: [{ title: 'Alien' }, { title: 'Brazil' }] });
  expect(await client.getRun({ runID: valid.runID })).toMatchObject({ type: 'validate', outcome: 'success' });
  const { sourceID } = await createChain(client, { url });
  const sourceUpdate = { input: { url: 'http://127.0.0.1:9/' } };
  const invalid = await client.validateSourceBeforeUpdate({ sourceID, sourceUpdate });
  expect(invalid).toMatchObject({ data: [], events: [{ type: 'fetch', status: 'failed' }] });
  expect(await client.validateSource({} as never)).toMatchObject({ events: [{ status: 'failed' }] });
  expect(await client.getSource({ sourceID })).toMatchObject({ input: { url } });
});

test('only docker sources have streams', async () => {
  const { simulator, client } = await openSimulator();
  const input = { image: 'zendesk', configuration: {} };
  const { sourceID } = await client.createSource({ type: 'docker', name: 'd', input });
  await simulator.control('POST /sources/docker/records', { records: [{ objectID: '1', title: 't' }] });
  expect(await client.triggerDockerSourceDiscover({ sourceID })).toMatchObject({
    data: [{ name: 'records', properties: ['objectID', 'title'] }],
  });
  const json = await createChain(client, { url: 'u' });
  expect(await refusal(client.triggerDockerSourceDiscover({ sourceID: json.sourceID }))).toMatchObject({ status: 400 });
});
