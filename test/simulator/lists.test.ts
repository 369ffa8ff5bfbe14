import { expect, test } from 'vitest';
import { createChain, openSimulator, refusal, runToEnd } from './stage.ts';

test('pages are counted from 1, ten items each, newest first', async () => {
  const { client } = await openSimulator();
  for (let i = 0; i < 23; i += 1) await client.createSource({ type: 'push', name: `s${String(i).padStart(2, '0')}` });
  const first = await client.listSources();
  expect(first.pagination).toEqual({ nbPages: 3, page: 1, nbItems: 23, itemsPerPage: 10 });
  expect(first.sources[0]?.name).toBe('s22');
  expect((await client.listSources({ page: 3 })).sources.map(({ name }) => name)).toEqual(['s02', 's01', 's00']);
  expect((await client.listSources({ page: 4 })).sources).toEqual([]);
  const sorted = await client.listSources({ sort: 'name', order: 'asc', itemsPerPage: 2, page: 2 });
  expect(sorted.sources.map(({ name }) => name)).toEqual(['s02', 's03']);
});

test('an empty list has one page', async () => {
  const { client } = await openSimulator();
  expect((await client.listTasks()).pagination).toEqual({ nbPages: 1, page: 1, nbItems: 0, itemsPerPage: 10 });
});

test('filters take lists, and none stands for what is absent', async () => {
  const { client } = await openSimulator();
  const { authenticationID } = await client.createAuthentication({
    type: 'apiKey',
    name: 'a',
    platform: 'shopify',
    input: { key: 'k' },
  });
  await client.createAuthentication({ type: 'basic', name: 'b', input: { username: 'u', password: 'p' } });
  await client.createSource({ type: 'push', name: 'without' });
  await client.createSource({ type: 'json', name: 'with', input: { url: 'u' }, authenticationID });
  const names = async (list: Promise<{ sources: { name: string }[] }>) => (await list).sources.map(({ name }) => name);
  expect(await names(client.listSources({ authenticationID: ['none'] }))).toEqual(['without']);
  expect(await names(client.listSources({ authenticationID: ['none', authenticationID] }))).toHaveLength(2);
  expect(await names(client.listSources({ type: ['json', 'csv'] }))).toEqual(['with']);
  expect((await client.listAuthentications({ platform: ['none'] })).authentications).toMatchObject([{ name: 'b' }]);
  expect((await client.listAuthentications({ platform: ['shopify', 'none'] })).authentications).toHaveLength(2);
});

test('tasks are filtered by all that is known of them', async () => {
  const { client } = await openSimulator({ cron: false });
  const scheduled = await createChain(client, { url: 'u', task: { action: 'save', cron: '0 3 * * *' } });
  const notified = await createChain(client, { task: { enabled: false, notifications: { email: { enabled: true } } } });
  const ids = async (filter: Parameters<typeof client.listTasks>[0]) =>
    (await client.listTasks(filter)).tasks.map(({ taskID }) => taskID);
  expect(await ids({ triggerType: ['schedule'] })).toEqual([scheduled.taskID]);
  expect(await ids({ triggerType: ['onDemand', 'streaming'] })).toEqual([notified.taskID]);
  expect(await ids({ withEmailNotifications: true })).toEqual([notified.taskID]);
  expect(await ids({ enabled: true })).toEqual([scheduled.taskID]);
  expect(await ids({ action: ['save'] })).toEqual([scheduled.taskID]);
  expect(await ids({ sourceType: ['push'] })).toEqual([notified.taskID]);
  expect(await ids({ sourceID: [scheduled.sourceID, notified.sourceID] })).toHaveLength(2);
  expect(await ids({ destinationID: [notified.destinationID] })).toEqual([notified.taskID]);
  expect(await ids({ sort: 'enabled', order: 'asc' })).toEqual([notified.taskID, scheduled.taskID]);
});

test('runs of more than 7 days ago and events of more than 3 hours ago are hidden unless asked for', async () => {
  const { simulator, client } = await openSimulator({ quotas: false });
  const { taskID } = await createChain(client, { source: { type: 'shopify', input: { shopURL: 's' } } });
  const { runID, createdAt: startDate } = await runToEnd(client, taskID);
  expect((await client.listEvents({ runID })).events).toHaveLength(1);
  await simulator.control('POST /clock', { advance: 4 * 3_600_000 });
  const hidden = await client.listEvents({ runID });
  expect(hidden.events).toEqual([]);
  expect(Date.parse(hidden.window.endDate) - Date.parse(hidden.window.startDate)).toBe(3 * 3_600_000);
  expect((await client.listEvents({ runID, startDate })).events).toHaveLength(1);
  expect((await client.listRuns({ taskID })).runs).toHaveLength(1);
  await simulator.control('POST /clock', { advance: 7 * 24 * 3_600_000 });
  expect((await client.listRuns({ taskID })).runs).toEqual([]);
  const found = await client.listRuns({ taskID, startDate, endDate: startDate });
  expect(found).toMatchObject({ runs: [{ runID }], window: { startDate, endDate: startDate } });
});

test('nothing that is in use is deleted, and the refusal says what uses it', async () => {
  const { client } = await openSimulator();
  const { authenticationID } = await client.createAuthentication({ type: 'apiKey', name: 'a', input: { key: 'k' } });
  const source = { type: 'json', input: { url: 'u' }, authenticationID };
  const { sourceID, destinationID, taskID, transformationIDs } = await createChain(client, {
    source,
    code: 'function transform(r) { return r; }',
  });
  const inUse = (what: string, type: string, id: string) => ({
    status: 400,
    message: `this ${what} is still in use and can't be deleted`,
    error: { code: 'resource_in_use', details: [{ id, type }] },
  });
  expect(await refusal(client.deleteAuthentication({ authenticationID }))).toMatchObject(
    inUse('authentication', 'source', sourceID),
  );
  expect(await refusal(client.deleteSource({ sourceID }))).toMatchObject(inUse('source', 'task', taskID));
  expect(await refusal(client.deleteDestination({ destinationID }))).toMatchObject(
    inUse('destination', 'task', taskID),
  );
  expect(await refusal(client.deleteTransformation({ transformationID: transformationIDs[0] ?? '' }))).toMatchObject(
    inUse('transformation', 'destination', destinationID),
  );
  await client.deleteTask({ taskID });
  await client.deleteSource({ sourceID });
  await client.deleteAuthentication({ authenticationID });
});

test('the quotas are those of an application: 200 authentications, 100 sources, 500 destinations, 10 tasks a source', async () => {
  const { client } = await openSimulator();
  const fill = async (count: number, create: () => Promise<unknown>) => {
    for (let made = 0; made < count; made += 50)
      await Promise.all(Array.from({ length: Math.min(50, count - made) }, create));
    return refusal(create());
  };
  const tooMany = (what: string, count: number) => ({
    status: 400,
    message: `You have reached the maximum number of ${what} (${count})`,
  });
  const { sourceID, destinationID } = await createChain(client);
  const authentication = { type: 'apiKey' as const, name: 'a', input: { key: 'k' } };
  const destination = { type: 'search' as const, name: 'd', input: { indexName: 'i' } };
  expect(await fill(200, () => client.createAuthentication(authentication))).toMatchObject(
    tooMany('authentications', 200),
  );
  expect(await fill(99, () => client.createSource({ type: 'push', name: 's' }))).toMatchObject(tooMany('sources', 100));
  expect(await fill(499, () => client.createDestination(destination))).toMatchObject(tooMany('destinations', 500));
  expect(await fill(9, () => client.createTask({ sourceID, destinationID, action: 'save' }))).toMatchObject(
    tooMany('tasks for this source', 10),
  );
  // What is deleted makes room for another.
  const [first] = (await client.listAuthentications()).authentications;
  await client.deleteAuthentication({ authenticationID: first?.authenticationID ?? '' });
  await client.createAuthentication(authentication);
});

test('there are quotas, which can be changed and switched off', async () => {
  const { simulator, client } = await openSimulator({
    quotas: { authentications: 1, sources: 2, destinations: 2, tasksPerSource: 1 },
  });
  const { sourceID, destinationID } = await createChain(client);
  const add = () => client.createTask({ sourceID, destinationID, action: 'save' });
  const tooMany = (what: string, count: number) => ({
    status: 400,
    message: `You have reached the maximum number of ${what} (${count})`,
  });
  expect(await refusal(add())).toMatchObject(tooMany('tasks for this source', 1));
  await createChain(client);
  expect(await refusal(client.createSource({ type: 'push', name: 's' }))).toMatchObject(tooMany('sources', 2));
  const destination = { type: 'search' as const, name: 'd', input: { indexName: 'i' } };
  expect(await refusal(client.createDestination(destination))).toMatchObject(tooMany('destinations', 2));
  const authentication = { type: 'apiKey' as const, name: 'a', input: { key: 'k' } };
  await client.createAuthentication(authentication);
  expect(await refusal(client.createAuthentication(authentication))).toMatchObject(tooMany('authentications', 1));
  await simulator.control('POST /settings', { quotas: { tasksPerSource: 2 } });
  await add();
  expect(await refusal(add())).toMatchObject(tooMany('tasks for this source', 2));
  await simulator.control('POST /settings', { quotas: false });
  await add();
});

test('ten thousand tasks are listed page by page', async () => {
  const { simulator, client } = await openSimulator({ quotas: false });
  const { sourceID, destinationID } = await createChain(client);
  const create = () => client.createTask({ sourceID, destinationID, action: 'save' });
  for (let i = 0; i < 100; i += 1) await Promise.all(Array.from({ length: 20 }, create));
  const { world } = simulator;
  const [task] = world.tasks.values();
  for (let i = world.tasks.size; i < 10_000; i += 1) if (task) world.tasks.put({ ...task, taskID: `t${i}` });
  const seen = new Set<string>();
  for (let page = 1; page <= 100; page += 1)
    for (const { taskID } of (await client.listTasks({ itemsPerPage: 100, page })).tasks) seen.add(taskID);
  expect(seen.size).toBe(10_000);
});
