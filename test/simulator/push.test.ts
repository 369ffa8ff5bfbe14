import { expect, test } from 'vitest';
import { createChain, indexOf, openSimulator, refusal, search, serve, until, type OfficialClient } from './stage.ts';

/** Nothing is done before the clock is advanced. */
const unhurried = { runSpeed: 1, pushMs: 60_000 };

type Action = Parameters<OfficialClient['push']>[0]['pushTaskPayload']['action'];

const push = (
  client: OfficialClient,
  action: Action,
  records: { objectID: string; [name: string]: unknown }[],
  more = {},
) => client.push({ indexName: 'movies', pushTaskPayload: { action, records }, ...more });

test('a push is accepted at once, and its event is published when it has been done', async () => {
  const { simulator, client } = await openSimulator(unhurried);
  await createChain(client);
  const { runID, eventID = '' } = await push(client, 'addObject', [{ objectID: '1', a: 1 }]);
  expect(await refusal(client.getEvent({ runID, eventID }))).toMatchObject({ status: 404 });
  expect((await client.listEvents({ runID })).events).toEqual([]);
  await simulator.control('POST /clock', { advance: unhurried.pushMs });
  expect(await client.getEvent({ runID, eventID })).toMatchObject({
    status: 'succeeded',
    type: 'record',
    batchSize: 1,
  });
  expect(await client.getRun({ runID })).toMatchObject({ type: 'push', status: 'finished', outcome: 'success' });
  expect((await indexOf(simulator, 'movies')).records).toEqual([{ objectID: '1', a: 1 }]);
});

test('pushes that overlap share a run, and each has an event of its own', async () => {
  const { simulator, client } = await openSimulator(unhurried);
  await createChain(client);
  const first = await push(client, 'addObject', [{ objectID: '1' }]);
  const second = await push(client, 'addObject', [{ objectID: '2' }]);
  expect(second.runID).toBe(first.runID);
  expect(second.eventID).not.toBe(first.eventID);
  await simulator.control('POST /clock', { advance: unhurried.pushMs });
  const third = await push(client, 'addObject', [{ objectID: '3' }]);
  expect(third.runID).not.toBe(first.runID);
});

test('each action does to the index what it says', async () => {
  const { simulator, client } = await openSimulator();
  await createChain(client);
  const done = async (...args: [Action, { objectID: string; [name: string]: unknown }[]]) => {
    await push(client, ...args, { watch: true });
    return (await indexOf(simulator, 'movies')).records;
  };
  expect(await done('addObject', [{ objectID: '1', a: 1 }])).toEqual([{ objectID: '1', a: 1 }]);
  expect(await done('partialUpdateObject', [{ objectID: '1', b: 1 }, { objectID: '2' }])).toEqual([
    { objectID: '1', a: 1, b: 1 },
    { objectID: '2' },
  ]);
  expect(await done('partialUpdateObjectNoCreate', [{ objectID: '3' }])).toHaveLength(2);
  expect(await done('updateObject', [{ objectID: '1', c: 1 }])).toEqual([{ objectID: '1', c: 1 }, { objectID: '2' }]);
  expect(await done('deleteObject', [{ objectID: '1' }])).toEqual([{ objectID: '2' }]);
  expect(await done('clear', [])).toEqual([]);
  await push(client, 'delete', [], { watch: true });
  await expect(indexOf(simulator, 'movies')).rejects.toThrow('Index movies not found');
});

test('there must be exactly one push task for the index', async () => {
  const { client } = await openSimulator();
  expect(await refusal(push(client, 'clear', []))).toMatchObject({
    status: 400,
    message: expect.stringContaining('no push task found'),
  });
  const { taskID } = await createChain(client);
  await createChain(client, { url: 'u' });
  await push(client, 'clear', []);
  await createChain(client);
  expect(await refusal(push(client, 'clear', []))).toMatchObject({
    status: 400,
    message: expect.stringContaining('2 push tasks found'),
  });
  await client.pushTask({ taskID, pushTaskPayload: { action: 'clear', records: [] } });
  await client.disableTask({ taskID });
  expect(await refusal(client.pushTask({ taskID, pushTaskPayload: { action: 'clear', records: [] } }))).toMatchObject({
    status: 400,
  });
});

test('pushing to a task of another source is refused', async () => {
  const { client } = await openSimulator();
  const { taskID } = await createChain(client, { url: 'u' });
  expect(await refusal(client.pushTask({ taskID, pushTaskPayload: { action: 'clear', records: [] } }))).toMatchObject({
    status: 400,
  });
});

test('referenceIndexName borrows the transformation for an index that has no push task', async () => {
  const { simulator, client } = await openSimulator();
  await createChain(client, { code: 'function transform(r) { return { ...r, seen: true }; }' });
  const pushTaskPayload = { action: 'addObject' as const, records: [{ objectID: '1' }] };
  await client.push({ indexName: 'movies_tmp', referenceIndexName: 'movies', pushTaskPayload, watch: true });
  expect((await indexOf(simulator, 'movies_tmp')).records).toEqual([{ objectID: '1', seen: true }]);
  await expect(indexOf(simulator, 'movies')).rejects.toThrow('not found');
});

test('records that fail are named, in the event and in the answer of a watch', async () => {
  const { simulator, client } = await openSimulator();
  await createChain(client, { code: 'function transform(r) { if (r.bad) throw new Error("bad record"); return r; }' });
  await simulator.control('POST /records/fail', { objectIDs: ['2'], times: 1 });
  const records = [{ objectID: '1' }, { objectID: '2' }, { objectID: '3', bad: true }];
  const failed = {
    status: 'failed',
    batchSize: 3,
    data: { objectIDs: ['3', '2'], errors: [{ objectID: '3', message: 'bad record' }, { objectID: '2' }] },
  };
  const answer = await push(client, 'addObject', records, { watch: true });
  expect(answer).toMatchObject({ data: null, events: [failed] });
  expect(await client.getEvent({ runID: answer.runID, eventID: answer.eventID ?? '' })).toMatchObject(failed);
  expect(await client.getRun({ runID: answer.runID })).toMatchObject({
    outcome: 'failure',
    reasonCode: 'too_many_errors',
  });
  expect((await indexOf(simulator, 'movies')).count).toBe(1);
  expect(await push(client, 'addObject', [{ objectID: '2' }], { watch: true })).not.toHaveProperty('events');
});

test('every so many-th record may fail, also critically', async () => {
  const { simulator, client } = await openSimulator();
  await createChain(client);
  await simulator.control('POST /records/fail', {
    indexName: 'movies',
    every: 3,
    status: 'critical',
    message: 'disk full',
  });
  const records = Array.from({ length: 7 }, (_, i) => ({ objectID: String(i) }));
  expect(await push(client, 'addObject', records, { watch: true })).toMatchObject({
    events: [{ status: 'critical', data: { objectIDs: ['2', '5'], errors: [{ message: 'disk full' }, {}] } }],
  });
});

test("the official client's chunkedPush takes a failed event for success: it only waits for it to exist", async () => {
  const { simulator, client } = await openSimulator();
  await createChain(client);
  await simulator.control('POST /records/fail', {});
  const [response] = await client.chunkedPush({
    indexName: 'movies',
    objects: [{ objectID: '1' }],
    waitForTasks: true,
  });
  expect(await client.getEvent({ runID: response?.runID ?? '', eventID: response?.eventID ?? '' })).toMatchObject({
    status: 'failed',
  });
});

test.for([
  [{ action: 'addObject', records: [{ objectID: 1 }] }, 'records.0.objectID: is required and must be a string'],
  [{ action: 'addObject', records: [] }, 'records: addObject needs at least one'],
  [{ action: 'upsert', records: [] }, /^action: must be one of addObject, /],
  [{ action: 'clear' }, 'records: must be an array'],
] as const)('%j is refused', async ([body, message]) => {
  const { simulator, client } = await openSimulator();
  await createChain(client);
  const answer = await search(simulator, 'POST /1/push/movies', body);
  expect(answer.status).toBe(400);
  expect(answer.body.message).toMatch(message);
});

test('a body that is too large is refused, and so is a record', async () => {
  const { client } = await openSimulator({ maxBodyBytes: 10_000, maxRecordBytes: 1_000 });
  await createChain(client);
  expect(await refusal(push(client, 'addObject', [{ objectID: '1', text: 'x'.repeat(20_000) }]))).toMatchObject({
    status: 413,
  });
  const answer = await push(client, 'addObject', [{ objectID: '1', text: 'x'.repeat(2_000) }], { watch: true });
  expect(answer.events).toMatchObject([{ data: { message: expect.stringContaining('Record is too big') } }]);
});

test('two hundred thousand records arrive, and the memory of requests does not grow with them', async () => {
  const { simulator, client } = await openSimulator({ quotas: false });
  await createChain(client);
  const batch = (n: number) =>
    Array.from({ length: 1_000 }, (_, i) => ({ objectID: `${n}-${i}`, title: `record ${i} of ${n}` }));
  for (let n = 0; n < 200; n += 4) await Promise.all([0, 1, 2, 3].map((i) => push(client, 'addObject', batch(n + i))));
  await until(
    () => simulator.control<{ count: number }>('GET /indices/movies?limit=0'),
    ({ count }) => count === 200_000,
  );
  const { requests } = await simulator.control<{ requests: { body: unknown }[] }>('GET /requests?operation=push');
  expect(requests).toHaveLength(200);
  expect(requests.every(({ body }) => JSON.stringify(body).length < 200)).toBe(true);
});

test('a transformation that cannot be compiled fails the whole push', async () => {
  const { simulator, client } = await openSimulator();
  await createChain(client, { code: 'function transform( {' });
  const answer = await push(client, 'addObject', [{ objectID: '1' }], { watch: true });
  expect(answer.events).toMatchObject([{ status: 'failed', data: { objectIDs: ['1'] } }]);
  const run = await createChain(client, {
    url: await serve('[{"id":1}]'),
    code: 'function other() {}',
    indexName: 'runs',
  });
  const { runID } = await client.runTask({ taskID: run.taskID });
  await until(
    () => client.getRun({ runID }),
    ({ reasonCode }) => reasonCode === 'critical',
  );
  expect((await client.listEvents({ runID, type: ['transform'] })).events).toMatchObject([{ status: 'critical' }]);
  expect(simulator.world.runs.get(runID)?.reason).toContain('the code declares no function transform');
});
