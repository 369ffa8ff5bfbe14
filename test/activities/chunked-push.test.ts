import { ingestionClient } from '@algolia/ingestion';
import type { ActivityExecutionFailedError } from '@temporalio/client';
import type { ApplicationFailure } from '@temporalio/common';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startSimulator, type Simulator } from '../../simulator/index.ts';
import type { Activities } from '../../src/activities/index.ts';
import type { ClientInputOf } from '../../src/operations/client-side.ts';
import { makePushConnector, seeIndex } from '../setup/indices.ts';
import { pushedBatches } from '../setup/pushed-batches.ts';
import { startTestWorker, type TestWorker } from '../setup/start-worker.ts';

let simulator: Simulator;
let worker: TestWorker;

beforeAll(async () => {
  simulator = await startSimulator({ pushMs: 20, quotas: false });
  worker = await startTestWorker({ simulator });
});
afterAll(async () => {
  await worker.stop();
  await simulator.stop();
});

const chunkedPush = (input: ClientInputOf<'chunkedPush'>) =>
  worker.client.activity.typed<Activities>().execute('chunkedPush', {
    id: randomUUID(),
    taskQueue: worker.taskQueue,
    args: [input],
    startToCloseTimeout: '60s',
    heartbeatTimeout: '15s',
    retry: { initialInterval: '10ms', maximumAttempts: 5 },
  });

async function failureOf(input: object): Promise<{ type: string; message: string; details: unknown }> {
  const error = await chunkedPush(input as ClientInputOf<'chunkedPush'>).then(
    () => expect.unreachable('it should have failed'),
    (reason: unknown) => reason as ActivityExecutionFailedError,
  );
  const { type, message, details } = error.cause as ApplicationFailure;
  return { type: type ?? '', message, details: details?.[0] };
}

const objects = (count: number) => Array.from({ length: count }, (_, n) => ({ objectID: `p${n}`, price: n }));

async function freshIndex(): Promise<string> {
  const indexName = `chunks-${randomUUID()}`;
  await makePushConnector(simulator, indexName);
  return indexName;
}

test('pushes batch by batch and answers as each push was answered', async () => {
  const indexName = await freshIndex();
  const responses = await chunkedPush({ indexName, objects: objects(25), batchSize: 10 });
  expect(responses).toHaveLength(3);
  expect(new Set(responses.map(({ eventID }) => eventID)).size).toBe(3);
  expect(pushedBatches(simulator, indexName).map(({ first }) => first)).toEqual(['p0', 'p10', 'p20']);
  await chunkedPush({ indexName, objects: objects(30), waitForTasks: true });
  expect((await seeIndex(simulator, indexName))?.count).toBe(30);
});

test('pushes nothing of nothing', async () => {
  expect(await chunkedPush({ indexName: 'nobody-pushes-here', objects: [] })).toEqual([]);
});

test("a failed event fails it, naming the objectIDs, where the official client's chunkedPush goes green", async () => {
  const indexName = await freshIndex();
  const fail = () =>
    simulator.control('POST /records/fail', { indexName, objectIDs: ['p3', 'p14'], message: 'no room', times: 2 });
  const input = { indexName, objects: objects(20), batchSize: 10, waitForTasks: true };

  await fail();
  const official = ingestionClient(simulator.applicationId, simulator.apiKey, 'us', {
    hosts: [{ url: `127.0.0.1:${simulator.port}`, protocol: 'http', accept: 'readWrite' }],
  });
  expect(await official.chunkedPush(input)).toHaveLength(2);
  expect((await seeIndex(simulator, indexName))?.count).toBe(18);

  await fail();
  const { type, message, details } = await failureOf(input);
  expect(type).toBe('PushFailed');
  expect(message).toContain('2 of 2 batches failed: its event is failed: 1 record failed: no room');
  expect(details).toEqual({ objectIDs: ['p3', 'p14'] });
});

test('a critical event fails it too', async () => {
  const indexName = await freshIndex();
  await simulator.control('POST /records/fail', { indexName, objectIDs: ['p1'], status: 'critical' });
  expect(await failureOf({ indexName, objects: objects(3), waitForTasks: true })).toMatchObject({
    type: 'PushFailed',
    message: expect.stringContaining('its event is critical'),
  });
});

test('a batch that is refused fails it with its objectIDs; those before it stay pushed', async () => {
  const indexName = await freshIndex();
  await simulator.control('POST /faults', {
    operation: 'push',
    kind: 'status',
    status: 422,
    message: 'no',
    after: 1,
    match: { indexName },
  });
  const { type, details } = await failureOf({ indexName, objects: objects(20), batchSize: 10 });
  expect(type).toBe('PushFailed');
  expect(details).toEqual({
    objectIDs: objects(20)
      .slice(10)
      .map(({ objectID }) => objectID),
  });
});

test('goes on with the batch that could not be sent, and repeats none before it', async () => {
  const indexName = await freshIndex();
  await simulator.control('POST /faults', {
    operation: 'push',
    kind: 'loseAnswer',
    after: 1,
    times: 1,
    match: { indexName },
  });
  expect(await chunkedPush({ indexName, objects: objects(30), batchSize: 10, waitForTasks: true })).toHaveLength(3);
  expect(pushedBatches(simulator, indexName).map(({ first }) => first)).toEqual(['p0', 'p10', 'p10', 'p20']);
});

test('does not repeat a batch with built-in operations when its answer is lost', async () => {
  const indexName = await freshIndex();
  await simulator.control('POST /faults', {
    operation: 'push',
    kind: 'loseAnswer',
    after: 1,
    times: 1,
    match: { indexName },
  });
  const counters = objects(20).map(({ objectID }) => ({ objectID, seen: { _operation: 'Increment', value: 1 } }));
  const input = { indexName, objects: counters, action: 'partialUpdateObject', batchSize: 10 };
  expect(await failureOf(input)).toMatchObject({
    type: 'AlgoliaAmbiguous',
    message: expect.stringContaining('1 batches before it were'),
  });
  expect(pushedBatches(simulator, indexName)).toHaveLength(2);
});

test('gives up on events that say nothing after as many reads as told', async () => {
  const indexName = await freshIndex();
  await simulator.control('POST /clock', { pushMs: 60_000 });
  try {
    const input = { indexName, objects: objects(1), waitForTasks: true, maxRetries: 1 };
    expect(await failureOf(input)).toMatchObject({
      type: 'PushUnconfirmed',
      message: expect.stringContaining('in 2 reads'),
    });
  } finally {
    await simulator.control('POST /clock', { pushMs: 20 });
  }
});

test.each([
  [{ batchSize: 2.5 }, 'input.batchSize'],
  [{ batchSize: 0 }, 'input.batchSize'],
  [{ batchSize: Number.NaN }, 'input.batchSize'],
  [{ batchSize: -1 }, 'input.batchSize'],
  [{ batchSize: 1, objects: objects(501) }, 'at most 500 batches'],
  [{ objects: [{ title: 'x' }] }, 'input.objects[0].objectID'],
  [{ action: 'clear' }, 'call push'],
  [{ verify: true }, 'input.verify: unknown field'],
  [
    { objects: objects(1_000).map((object) => ({ ...object, text: 'x'.repeat(1_920) })) },
    'pushRecords with a recordsRef',
  ],
])('refuses %j before anything is sent', async (wrong, why) => {
  const indexName = await freshIndex();
  const failure = await failureOf({ indexName, objects: objects(3), ...wrong });
  expect(failure).toMatchObject({ type: 'AlgoliaInvalid', message: expect.stringContaining(why) });
  expect(pushedBatches(simulator, indexName)).toEqual([]);
});
