import { afterAll, beforeAll, expect, test } from 'vitest';
import { startSimulator, type Simulator } from '../../simulator/index.ts';
import { createFindResources, type FindResourcesInput } from '../../src/activities/find-resources.ts';
import { callAlgolia, makeConnector } from '../setup/connector.ts';
import { makeTransformed } from '../setup/transformation.ts';
import { answerJson, startServer } from '../algolia/loopback.ts';
import { activityParts, attempt } from './setup.ts';

let simulator: Simulator;
let find: (input: FindResourcesInput) => ReturnType<ReturnType<typeof createFindResources>>;
let close: () => Promise<void>;

beforeAll(async () => {
  simulator = await startSimulator({ quotas: false });
  const { client, keys } = activityParts(simulator);
  close = () => client.close();
  const findResources = createFindResources(client, keys);
  find = (input) => attempt(findResources, input).result;
});
afterAll(async () => {
  await close();
  await simulator.stop();
});

const makeSource = async (name: string) =>
  (await callAlgolia(simulator, 'POST /1/sources', { type: 'json', name, input: { url: 'http://127.0.0.1:9/' } }))
    .sourceID;

test('a resource is found by its exact name, on whatever page it is', async () => {
  const ids: (string | undefined)[] = [];
  for (let made = 0; made < 230; made += 1) ids.push(await makeSource(`many ${made}`));
  expect(await find({ kind: 'source', match: { name: 'many 229' } })).toEqual([
    { id: ids[229], type: 'json', createdAt: expect.any(String) },
  ]);
  expect(await find({ kind: 'source', match: { name: 'many 2' } })).toHaveLength(1);
  expect(await find({ kind: 'source', match: { name: 'MANY 2' } })).toEqual([]);
});

test('of several with the name all are found, oldest first', async () => {
  const ids = [await makeSource('twin'), await makeSource('twin')];
  expect((await find({ kind: 'source', match: { name: 'twin' } })).map(({ id }) => id)).toEqual(ids);
});

test('a task is found by its source, its destination and its action', async () => {
  const { sourceID, destinationID, taskID } = await makeConnector(simulator);
  await callAlgolia(simulator, 'POST /2/tasks', { sourceID, destinationID, action: 'save' });
  const found = await find({ kind: 'task', match: { sourceID, destinationID, action: 'replace' } });
  expect(found.map(({ id }) => id)).toEqual([taskID]);
});

test('a member that is a list matches by what it holds', async () => {
  const { transformationID, destinationID } = await makeTransformed(simulator);
  await makeConnector(simulator);
  const found = await find({ kind: 'destination', match: { transformationIDs: transformationID } });
  expect(found.map(({ id }) => id)).toEqual([destinationID]);
});

test.for(['authentication', 'source', 'transformation', 'destination', 'task'] as const)(
  'where there is no %s of the name, none is found',
  async (kind) => {
    expect(await find({ kind, match: { name: 'nobody' } })).toEqual([]);
  },
);

test('a page that cannot be read fails the whole search: half of an answer would make a duplicate', async () => {
  await makeSource('on the second page');
  await simulator.control('POST /faults', { operation: 'listSources', kind: 'status', status: 500, after: 1 });
  await expect(find({ kind: 'source', match: { name: 'on the second page' } })).rejects.toMatchObject({
    type: 'AlgoliaUnavailable',
  });
});

test('one that moves to the page before, because another is deleted meanwhile, is found all the same', async () => {
  const sources = Array.from({ length: 101 }, (_, nth) => ({
    sourceID: `s${nth}`,
    name: `moving ${nth}`,
    createdAt: '',
  }));
  const server = await startServer(({ query }, response) => {
    const page = Number(/\bpage=(\d+)/.exec(query)?.[1]);
    const items = sources.slice((page - 1) * 100, page * 100);
    answerJson(response, { sources: items, pagination: { page, nbPages: Math.ceil(sources.length / 100) } });
    if (sources.length === 101) sources.shift();
  });
  const { client, keys } = activityParts({ url: server.origin.href });
  try {
    const found = attempt(createFindResources(client, keys), { kind: 'source', match: { name: 'moving 100' } });
    expect(await found.result).toMatchObject([{ id: 's100' }]);
  } finally {
    await client.close();
    await server.close();
  }
});
