// oxlint-disable typescript/no-deprecated -- the deprecated methods are to work too
import { expect, test } from 'vitest';
import { operationNames } from '../../src/operations/index.ts';
import { officialClient, openSimulator, serve, until, type OfficialClient } from './stage.ts';

const CLIENT_ONLY = ['clearCache', 'addAlgoliaAgent'];

/** The client, noting which of its methods are called. */
function recording(client: OfficialClient) {
  const called = new Set<string>();
  const proxy = new Proxy(client, {
    get: (target, name: keyof OfficialClient) => {
      called.add(name);
      return target[name];
    },
  });
  return { client: proxy, called };
}

test('every method of the official client works, in the order a user would call them', async () => {
  const { simulator } = await openSimulator();
  const { client, called } = recording(officialClient(simulator));
  const films = [
    { id: 1, title: 'Alien', year: 1979 },
    { id: 2, title: 'Brazil', year: 1985 },
  ];
  const url = await serve(JSON.stringify(films));
  const code = 'async function transform(record) { return { ...record, decade: Math.floor(record.year / 10) * 10 }; }';

  const { authenticationID } = await client.createAuthentication({
    type: 'basic',
    name: 'films',
    input: { username: 'u', password: 'p' },
  });
  await client.updateAuthentication({ authenticationID, authenticationUpdate: { name: 'films account' } });
  expect(await client.getAuthentication({ authenticationID })).toMatchObject({
    name: 'films account',
    input: { username: 'u', password: null },
  });
  expect((await client.listAuthentications({ type: ['basic', 'oauth'] })).authentications).toHaveLength(1);
  expect(await client.searchAuthentications({ authenticationIDs: [authenticationID, 'nobody'] })).toHaveLength(1);

  const source = { type: 'json' as const, name: 'films', input: { url, uniqueIDColumn: 'id' }, authenticationID };
  expect((await client.validateSource(source)).data).toEqual([
    { ...films[0], objectID: '1' },
    { ...films[1], objectID: '2' },
  ]);
  const { sourceID } = await client.createSource(source);
  const sourceUpdate = { name: 'all films', input: { url, uniqueIDColumn: 'id' } };
  expect((await client.validateSourceBeforeUpdate({ sourceID, sourceUpdate })).events).toBeUndefined();
  await client.updateSource({ sourceID, sourceUpdate });
  expect(await client.getSource({ sourceID })).toMatchObject({ name: 'all films', type: 'json', authenticationID });
  expect((await client.listSources({ type: ['json'], authenticationID: [authenticationID] })).sources).toHaveLength(1);
  expect(await client.searchSources({ sourceIDs: [sourceID] })).toHaveLength(1);

  const tried = await client.tryTransformation({
    type: 'code',
    input: { code },
    sampleRecord: { objectID: '1', year: 1979 },
  });
  expect(JSON.parse(tried.payloads[0] ?? '')).toEqual({ objectID: '1', year: 1979, decade: 1970 });
  const { transformationID } = await client.createTransformation({ type: 'code', name: 'decade', input: { code } });
  const transformationCreate = { type: 'code' as const, name: 'decades', input: { code } };
  await client.tryTransformationBeforeUpdate({
    transformationID,
    transformationTry: { type: 'code', input: { code }, sampleRecord: {} },
  });
  await client.updateTransformation({ transformationID, transformationCreate });
  expect(await client.getTransformation({ transformationID })).toMatchObject({ name: 'decades', code, type: 'code' });
  expect((await client.listTransformations({ type: 'code' })).transformations).toHaveLength(1);
  expect(await client.searchTransformations({ transformationIDs: [transformationID] })).toHaveLength(1);

  const { destinationID } = await client.createDestination({
    type: 'search',
    name: 'films',
    input: { indexName: 'films' },
  });
  await client.updateDestination({ destinationID, destinationUpdate: { transformationIDs: [transformationID] } });
  expect(await client.getDestination({ destinationID })).toMatchObject({ transformationIDs: [transformationID] });
  expect((await client.listDestinations({ transformationID })).destinations).toHaveLength(1);
  expect(await client.searchDestinations({ destinationIDs: [destinationID] })).toHaveLength(1);

  const { taskID } = await client.createTask({ sourceID, destinationID, action: 'save', failureThreshold: 5 });
  await client.updateTask({ taskID, taskUpdate: { failureThreshold: 10 } });
  await client.replaceTask({ taskID, taskReplace: { destinationID, action: 'replace' } });
  expect(await client.getTask({ taskID })).not.toHaveProperty('failureThreshold');
  await client.disableTask({ taskID });
  expect((await client.listTasks({ enabled: false, sourceType: ['json', 'csv'] })).tasks).toHaveLength(1);
  await client.enableTask({ taskID });
  expect(await client.searchTasks({ taskIDs: [taskID] })).toMatchObject([{ taskID, enabled: true, action: 'replace' }]);

  const { runID } = await client.runTask({ taskID, runTaskPayload: { runMetadata: { why: 'test' } } });
  const run = await until(
    () => client.getRun({ runID }),
    ({ status }) => status === 'finished',
  );
  expect(run).toMatchObject({ outcome: 'success', reasonCode: 'ok', type: 'reindex', taskID });
  expect((await client.listRuns({ taskID, status: ['finished', 'started'] })).runs).toHaveLength(1);
  const { events } = await client.listEvents({ runID, type: ['record'] });
  expect(await client.getEvent({ runID, eventID: events[0]?.eventID ?? '' })).toMatchObject({ batchSize: 2 });
  expect(await simulator.control('GET /indices/films')).toMatchObject({
    count: 2,
    records: [
      { objectID: '1', title: 'Alien', decade: 1970 },
      { objectID: '2', title: 'Brazil', decade: 1980 },
    ],
  });

  const { sourceID: pushSourceID } = await client.createSource({ type: 'push', name: 'pushed' });
  const { taskID: pushTaskID } = await client.createTask({ sourceID: pushSourceID, destinationID, action: 'save' });
  const pushTaskPayload = { action: 'addObject' as const, records: [{ objectID: '3', year: 2001 }] };
  expect(await client.push({ indexName: 'films', pushTaskPayload, watch: true })).not.toHaveProperty('events');
  expect(await client.pushTask({ taskID: pushTaskID, pushTaskPayload, watch: true })).toMatchObject({ data: null });
  const responses = await client.chunkedPush({
    indexName: 'films',
    objects: [
      { objectID: '4', year: 1 },
      { objectID: '5', year: 2 },
    ],
    waitForTasks: true,
    batchSize: 1,
  });
  expect(responses).toHaveLength(2);
  expect(await simulator.control('GET /indices/films')).toMatchObject({ count: 5 });

  const { sourceID: shopID } = await client.createSource({
    type: 'shopify',
    name: 'shop',
    input: { shopURL: 'example.myshopify.com' },
  });
  await simulator.control(`POST /sources/${shopID}/records`, { records: [{ objectID: 'a' }] });
  const { taskID: shopTask } = await client.createTask({ sourceID: shopID, destinationID, action: 'append' });
  const { taskWithRunID } = await client.runSource({ sourceID: shopID });
  expect(Object.keys(taskWithRunID)).toEqual([shopTask]);
  const { sourceID: dockerID } = await client.createSource({
    type: 'docker',
    name: 'desk',
    input: { image: 'zendesk', configuration: { token: 't' } },
  });
  expect((await client.triggerDockerSourceDiscover({ sourceID: dockerID })).events).toHaveLength(1);

  const { taskID: v1 } = await client.createTaskV1({
    sourceID,
    destinationID,
    action: 'save',
    trigger: { type: 'onDemand' },
  });
  await client.updateTaskV1({ taskID: v1, taskUpdate: { failureThreshold: 1 } });
  expect(await client.getTaskV1({ taskID: v1 })).toMatchObject({ trigger: { type: 'onDemand' }, failureThreshold: 1 });
  expect((await client.listTasksV1()).tasks).toHaveLength(4);
  expect(await client.searchTasksV1({ taskIDs: [v1] })).toHaveLength(1);
  await client.disableTaskV1({ taskID: v1 });
  await client.enableTaskV1({ taskID: v1 });
  expect(await client.runTaskV1({ taskID: v1 })).toHaveProperty('runID');
  await client.deleteTaskV1({ taskID: v1 });

  expect(await client.customGet({ path: '2/tasks', parameters: { itemsPerPage: 1 } })).toHaveProperty('pagination');
  expect(await client.customPost({ path: '2/tasks/search', body: { taskIDs: [taskID] } })).toHaveLength(1);
  expect(await client.customPut({ path: `2/tasks/${taskID}/disable` })).toHaveProperty('updatedAt');
  expect(await client.customDelete({ path: `2/tasks/${shopTask}` })).toHaveProperty('deletedAt');

  await simulator.control('POST /keys', { key: 'second-key' });
  client.setClientApiKey({ apiKey: 'second-key' });
  await client.deleteTask({ taskID });
  await client.deleteTask({ taskID: pushTaskID });
  for (const id of [sourceID, pushSourceID, shopID, dockerID]) await client.deleteSource({ sourceID: id });
  await client.deleteDestination({ destinationID });
  await client.deleteTransformation({ transformationID });
  await client.deleteAuthentication({ authenticationID });
  expect((await simulator.control<{ counts: object }>('GET /state')).counts).toMatchObject({
    authentications: 0,
    sources: 0,
    destinations: 0,
    transformations: 0,
    tasks: 0,
  });

  const methods = Object.entries(client).filter(
    ([name, value]) => typeof value === 'function' && !name.endsWith('WithHTTPInfo'),
  );
  expect(methods.map(([name]) => name).filter((name) => !called.has(name) && !CLIENT_ONLY.includes(name))).toEqual([]);
  expect(operationNames.filter((name) => !called.has(name))).toEqual([]);
});
