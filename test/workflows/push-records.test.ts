import type { WorkflowFailedError } from '@temporalio/client';
import { ActivityFailure, type ApplicationFailure } from '@temporalio/common';
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { mkdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startSimulator, type Simulator } from '../../simulator/index.ts';
import {
  pushRecords,
  pushRecordsStatus,
  type PushRecordsInput,
  type PushRecordsResult,
} from '../../src/workflows/push-records.ts';
import { pause, resume, setParallel } from '../../src/workflows/steps/pace-signals.ts';
import { callAlgolia } from '../setup/connector.ts';
import { makePushConnector, seeIndex } from '../setup/indices.ts';
import { pushedBatches } from '../setup/pushed-batches.ts';
import { makeRecordsDirectory, type RecordsDirectory } from '../setup/records-directory.ts';
import { startTestWorker, type TestWorker } from '../setup/start-worker.ts';

let simulator: Simulator;
let files: RecordsDirectory;
let worker: TestWorker;

beforeAll(async () => {
  [simulator, files] = await Promise.all([startSimulator({ pushMs: 20, quotas: false }), makeRecordsDirectory()]);
  worker = await startTestWorker({ simulator, environment: { RECORDS_DIR: files.path } });
});

afterAll(async () => {
  await worker.stop();
  await Promise.all([simulator.stop(), files.remove()]);
});

const start = (input: PushRecordsInput) =>
  worker.client.workflow.start(pushRecords, {
    taskQueue: worker.taskQueue,
    workflowId: `push-${randomUUID()}`,
    args: [input],
  });
const push = async (input: PushRecordsInput) => (await start(input)).result();

async function failureOf(input: PushRecordsInput) {
  const error = await push(input).then(
    () => expect.unreachable('it should have failed'),
    (reason: unknown) => reason as WorkflowFailedError,
  );
  const cause = error.cause as ApplicationFailure | ActivityFailure;
  const failure = (cause instanceof ActivityFailure ? cause.cause : cause) as ApplicationFailure;
  return { type: failure.type, message: failure.message, result: failure.details?.[0] as PushRecordsResult };
}

const products = (count: number, from = 0) =>
  Array.from({ length: count }, (_, n) => ({ objectID: `p${from + n}`, title: `Product ${from + n}`, price: n }));

/** So that a push is still under way when something is done to it. */
const slowDown = (indexName: string, ms: number) =>
  simulator.world.faults.add({ operation: 'push', kind: 'slow', ms, times: Infinity, match: { indexName } });

async function freshIndex(): Promise<{ indexName: string; taskID: string }> {
  const indexName = `index-${randomUUID()}`;
  const { taskID = '' } = await makePushConnector(simulator, indexName);
  return { indexName, taskID };
}

test('pushes a file in batches and reads the event of each', async () => {
  const { indexName } = await freshIndex();
  const recordsRef = await files.write(products(2_500));
  const result = await push({ indexName, action: 'addObject', recordsRef });
  expect(result).toMatchObject({ pushed: 2_500, verified: 2_500, failed: 0, batches: 3, repeated: 0, complete: true });
  expect(result).toMatchObject({ badRecords: 0, failures: [], firstBadRecords: [] });
  expect((await seeIndex(simulator, indexName))?.count).toBe(2_500);
});

test('pushes records of the input itself, by task ID', async () => {
  const { indexName, taskID } = await freshIndex();
  const records = products(30);
  const result = await push({ taskID, action: 'addObject', records, batch: { maxRecords: 10 } });
  expect(result).toMatchObject({ pushed: 30, verified: 30, batches: 3 });
  expect((await seeIndex(simulator, indexName))?.records).toEqual(records);
});

test('splits by bytes too, and no request is larger than told', async () => {
  const { indexName } = await freshIndex();
  const recordsRef = await files.write(products(300).map((record) => ({ ...record, text: 'x'.repeat(record.price) })));
  const { batches } = await push({ indexName, action: 'addObject', recordsRef, batch: { maxBytes: 10_000 } });
  const sent = pushedBatches(simulator, indexName);
  expect(sent).toHaveLength(batches);
  expect(Math.max(...sent.map(({ bytes }) => bytes))).toBeLessThanOrEqual(10_000);
  expect(Math.min(...sent.slice(0, -1).map(({ bytes }) => bytes))).toBeGreaterThan(9_000);
});

test('an event that failed turns the workflow red, with the objectIDs and a file of what to push again', async () => {
  const { indexName } = await freshIndex();
  await simulator.control('POST /records/fail', { indexName, objectIDs: ['p1234'], message: 'no room', times: 1 });
  const recordsRef = await files.write(products(3_000));
  const { type, message, result } = await failureOf({ indexName, action: 'addObject', recordsRef, maxParallel: 1 });
  expect(type).toBe('PushFailed');
  expect(message).toContain('1000 records failed');
  expect(message).toContain('no room');
  expect(message).toContain('objectIDs: p1234');
  expect(result).toMatchObject({ failed: 1_000, objectIDs: ['p1234'], failures: [{ from: 1_001, records: 1_000 }] });
  expect(result.verified + result.failed).toBe(result.pushed);

  const { uri = '', sha256 = '' } = result.failedRef ?? {};
  expect(uri).toMatch(/^file:failed\/push-[\w-]+\.ndjson$/);
  const path = join(files.path, uri.slice('file:'.length));
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  const kept = (await readFile(path, 'utf8')).trim().split('\n');
  expect(kept.map((line) => JSON.parse(line))).toEqual(products(3_000).slice(1_000, 2_000));
  expect(await push({ indexName, action: 'addObject', recordsRef: { uri, sha256 } })).toMatchObject({
    verified: 1_000,
  });
});

test('what failed and could not be kept is told, with the reason', async () => {
  const { indexName } = await freshIndex();
  await simulator.control('POST /records/fail', { indexName, objectIDs: ['p5'] });
  const failed = join(files.path, 'failed');
  await mkdir(failed, { recursive: true });
  await rename(failed, `${failed}-before`);
  await symlink(tmpdir(), failed);
  try {
    const { type, result } = await failureOf({ indexName, action: 'addObject', records: products(10) });
    expect(type).toBe('PushFailed');
    expect(result).toMatchObject({ failed: 10, notKept: 'RECORDS_DIR/failed leads elsewhere; make it a directory' });
    expect(result).not.toHaveProperty('failedRef');
  } finally {
    await rm(failed);
    await rename(`${failed}-before`, failed);
  }
});

test('goes on until as many batches have failed as it may, and tells of all', async () => {
  const { indexName } = await freshIndex();
  await simulator.control('POST /records/fail', { indexName, objectIDs: ['p5', 'p25', 'p45'] });
  const input = { indexName, action: 'addObject', records: products(60), batch: { maxRecords: 10 } } as const;
  const { result } = await failureOf({ ...input, stopAfterFailures: 100 });
  expect(result).toMatchObject({ pushed: 60, verified: 30, failed: 30, complete: true });
  expect(result.failures.map(({ objectIDs }) => objectIDs)).toEqual([['p5'], ['p25'], ['p45']]);
  const told = await push({ ...input, stopAfterFailures: 100, failWorkflow: false });
  expect(told).toMatchObject({ failed: 30, complete: true });
});

test('pushes no more once too many batches have failed, but reads the events of those that were', async () => {
  const { indexName } = await freshIndex();
  await simulator.control('POST /records/fail', { indexName, objectIDs: ['p5'] });
  const recordsRef = await files.write(products(10_000));
  const input = { indexName, action: 'addObject', recordsRef, batch: { maxRecords: 10 } } as const;
  const { result, message } = await failureOf(input);
  expect(result.complete).toBe(false);
  expect(result.pushed).toBeLessThan(10_000);
  expect(result.verified + result.failed).toBe(result.pushed);
  expect(message).toContain(`; stopped after 1 failed batch. ${result.pushed} records had been pushed before`);
  const told = await push({ ...input, failWorkflow: false });
  expect(told).toMatchObject({ failed: 10, complete: false, reason: 'stopped after 1 failed batch' });
});

test('a batch that Algolia refuses counts as failed, in its words', async () => {
  const { type, message } = await failureOf({
    indexName: 'nobody-pushes-here',
    action: 'addObject',
    records: products(3),
  });
  expect(type).toBe('PushFailed');
  expect(message).toContain('no push task found for the index nobody-pushes-here');
  expect(message).toContain('objectIDs: p0, p1, p2');
});

test('a batch whose answer is lost is pushed again', async () => {
  const { indexName } = await freshIndex();
  await simulator.control('POST /faults', { operation: 'push', kind: 'loseAnswer', times: 1, match: { indexName } });
  const result = await push({ indexName, action: 'addObject', records: products(20) });
  expect(result).toMatchObject({ pushed: 20, verified: 20, batches: 1, repeated: 1 });
});

test('when told to slow down it waits as long as told', async () => {
  const { indexName } = await freshIndex();
  const headers = { 'retry-after': '2' };
  await simulator.control('POST /faults', {
    operation: 'push',
    kind: 'status',
    status: 429,
    headers,
    times: 2,
    match: { indexName },
  });
  const result = await push({ indexName, action: 'addObject', records: products(40), batch: { maxRecords: 10 } });
  expect(result).toMatchObject({ pushed: 40, verified: 40, repeated: 0 });
  const at = pushedBatches(simulator, indexName).map((batch) => Date.parse(batch.at));
  const gaps = at.slice(1).map((time, place) => time - (at[place] ?? 0));
  expect(Math.max(...gaps)).toBeGreaterThanOrEqual(1_900);
});

test('records of one objectID arrive in the order of the file, whatever is parallel', async () => {
  const { indexName } = await freshIndex();
  const versions = Array.from({ length: 60 }, (_, n) => ({ objectID: `p${n % 7}`, version: n }));
  const result = await push({
    indexName,
    action: 'addObject',
    records: versions,
    batch: { maxRecords: 5 },
    maxParallel: 8,
  });
  expect(result).toMatchObject({ pushed: 60, verified: 60 });
  const index = await seeIndex(simulator, indexName);
  const last = Object.fromEntries(versions.map(({ objectID, version }) => [objectID, version]));
  expect(
    Object.fromEntries(
      (index?.records ?? []).map((record) => [record.objectID, (record as never as { version: number }).version]),
    ),
  ).toEqual(last);
});

test('a bad line fails the push and names its number; what came before is told', async () => {
  const { indexName } = await freshIndex();
  const recordsRef = await files.writeText('{"objectID":"a"}\n{"objectID":"b"}\n{"objectID":\n{"objectID":"d"}\n');
  const { type, message, result } = await failureOf({
    indexName,
    action: 'addObject',
    recordsRef,
    batch: { maxRecords: 1 },
  });
  expect(type).toBe('RecordsInvalid');
  expect(message).toMatch(/line 3: not JSON/);
  expect(result).toMatchObject({ pushed: 1, badRecords: 1, firstBadRecords: [{ line: 3 }] });
});

test('bad lines are passed over where told, and counted', async () => {
  const { indexName } = await freshIndex();
  const recordsRef = await files.writeText(
    '{"objectID":"a"}\nnonsense\n\n{"objectID":7}\n[]\n{"objectID":"e"}\n{"title":"no id"}\n',
  );
  const result = await push({ indexName, action: 'addObject', recordsRef, onBadRecord: 'skip' });
  expect(result).toMatchObject({ pushed: 2, verified: 2, badRecords: 4 });
  expect(result.firstBadRecords.map(({ line }) => line)).toEqual([2, 4, 5, 7]);
});

test('with checkFirst nothing is pushed of a file with a bad line, and different objectIDs are counted', async () => {
  const { indexName } = await freshIndex();
  const bad = await files.writeText('{"objectID":"a"}\n{"objectID":"b"}\nnonsense\n');
  const { type, message } = await failureOf({ indexName, action: 'addObject', recordsRef: bad, checkFirst: true });
  expect(type).toBe('RecordsInvalid');
  expect(message).toMatch(/line 3: not JSON.*Nothing was pushed/);
  expect(pushedBatches(simulator, indexName)).toEqual([]);

  const twice = await files.write([...products(10), ...products(5)]);
  const result = await push({ indexName, action: 'addObject', recordsRef: twice, checkFirst: true });
  expect(result).toMatchObject({ pushed: 15, distinct: 10 });
});

test('nothing is pushed of a file that is not the one meant', async () => {
  const { indexName } = await freshIndex();
  const recordsRef = { ...(await files.write(products(10))), sha256: 'a'.repeat(64) };
  const { type, message } = await failureOf({ indexName, action: 'addObject', recordsRef });
  expect(type).toBe('RecordsInvalid');
  expect(message).toMatch(/its sha256 is [0-9a-f]{64}, not a{64}\. Nothing was pushed/);
  expect(pushedBatches(simulator, indexName)).toEqual([]);
});

test('actions that are not the same twice are refused, with the way out', async () => {
  const { indexName } = await freshIndex();
  const operation = { objectID: 'a', stock: { _operation: 'Decrement', value: 1 } };
  const inline = await failureOf({ indexName, action: 'partialUpdateObject', records: [operation] });
  expect(inline.type).toBe('InvalidInput');
  expect(inline.message).toContain('"allowRepeat": true');
  const recordsRef = await files.write([{ objectID: 'z' }, operation]);
  const fromFile = await failureOf({ indexName, action: 'partialUpdateObject', recordsRef });
  expect(fromFile).toMatchObject({ type: 'RecordsInvalid' });
  expect(fromFile.message).toMatch(/line 2 \(objectID a\): a built-in operation/);
  const clear = await failureOf({ indexName, action: 'clear', records: [] });
  expect(clear.message).toContain('not safe to repeat');
  expect(await push({ indexName, action: 'partialUpdateObject', recordsRef, allowRepeat: true })).toMatchObject({
    pushed: 2,
  });
  expect(await push({ indexName, action: 'clear', records: [], allowRepeat: true })).toMatchObject({
    batches: 1,
    pushed: 0,
  });
  expect((await seeIndex(simulator, indexName))?.count).toBe(0);
});

test('deletes records, which may come in any order', async () => {
  const { indexName } = await freshIndex();
  await push({ indexName, action: 'addObject', records: products(20) });
  const ids = products(10).map(({ objectID }) => ({ objectID }));
  expect(await push({ indexName, action: 'deleteObject', records: ids })).toMatchObject({ pushed: 10, verified: 10 });
  expect((await seeIndex(simulator, indexName))?.count).toBe(10);
});

test('pauses, resumes and changes its parallelism without losing or repeating a batch', async () => {
  const { indexName } = await freshIndex();
  const recordsRef = await files.write(products(4_000));
  slowDown(indexName, 200);
  const handle = await start({ indexName, action: 'addObject', recordsRef, batch: { maxRecords: 20 }, maxParallel: 2 });
  const batches = () => pushedBatches(simulator, indexName);
  await expect.poll(() => batches().length, { timeout: 150_000 }).toBeGreaterThan(10);
  await handle.signal(pause);
  await expect
    .poll(async () => (await handle.query(pushRecordsStatus)).pushed, { timeout: 150_000 })
    .toBeGreaterThan(0);
  const paused = await handle.query(pushRecordsStatus);
  expect(paused).toMatchObject({ phase: 'paused' });
  expect(batches().length * 20).toBe(paused.pushed);

  await handle.signal(setParallel, { maxParallel: 8 });
  await handle.signal(resume);
  await expect.poll(() => batches().length, { timeout: 150_000 }).toBeGreaterThan((paused.batches ?? 0) + 10);
  await handle.signal(setParallel, { maxParallel: 16 });
  const result = await handle.result();
  expect(result).toMatchObject({ pushed: 4_000, verified: 4_000, batches: 200, repeated: 0 });
  expect(batches()).toHaveLength(200);
  expect((await seeIndex(simulator, indexName))?.count).toBe(4_000);
});

test('what is said of its pace before its input is checked holds', async () => {
  const { indexName } = await freshIndex();
  const handle = await worker.client.workflow.signalWithStart(pushRecords, {
    taskQueue: worker.taskQueue,
    workflowId: `push-${randomUUID()}`,
    args: [{ indexName, action: 'addObject', records: products(3) }],
    signal: setParallel,
    signalArgs: [{ maxParallel: 9 }],
  });
  expect(await handle.result()).toMatchObject({ verified: 3 });
  expect(await handle.query(pushRecordsStatus)).toMatchObject({ maxParallel: 9 });
});

test('paused before there is anything to push, it says so, and what to do', async () => {
  const { indexName } = await freshIndex();
  const handle = await worker.client.workflow.signalWithStart(pushRecords, {
    taskQueue: worker.taskQueue,
    workflowId: `push-${randomUUID()}`,
    args: [{ indexName, action: 'addObject', records: products(3) }],
    signal: pause,
    signalArgs: [],
  });
  const phase = async () => (await handle.query(pushRecordsStatus)).phase;
  await expect.poll(phase, { timeout: 150_000 }).not.toBe('checking');
  expect(await phase()).toBe('paused');
  await handle.signal(resume);
  expect(await handle.result()).toMatchObject({ verified: 3 });
});

test('cancelled, it says how much was pushed', async () => {
  const { indexName } = await freshIndex();
  const recordsRef = await files.write(products(4_000));
  slowDown(indexName, 300);
  const handle = await start({ indexName, action: 'addObject', recordsRef, batch: { maxRecords: 20 } });
  await expect.poll(() => pushedBatches(simulator, indexName).length, { timeout: 150_000 }).toBeGreaterThan(10);
  await handle.cancel();
  await expect(handle.result()).rejects.toThrow('cancelled');
  const { status, memo } = await handle.describe();
  expect(status.name).toBe('CANCELLED');
  const pushed = pushedBatches(simulator, indexName).length * 20;
  expect(memo).toMatchObject({ pushed });
  expect(await handle.query(pushRecordsStatus)).toMatchObject({ phase: 'cancelled', pushed });
});

test('a key that is refused ends the push, with what was done', async () => {
  const { indexName } = await freshIndex();
  await simulator.control('POST /faults', {
    operation: 'push',
    kind: 'status',
    status: 403,
    times: -1,
    after: 2,
    match: { indexName },
  });
  const input = {
    indexName,
    action: 'addObject',
    records: products(100),
    batch: { maxRecords: 10 },
    maxParallel: 1,
  } as const;
  const { type, result } = await failureOf(input);
  expect(type).toBe('AlgoliaAuth');
  expect(result).toMatchObject({ pushed: 20, complete: false });
});

test('batches that failed do not hide why the rest was not pushed', async () => {
  const { indexName } = await freshIndex();
  await simulator.control('POST /records/fail', { indexName, objectIDs: ['p5'] });
  const refused = { operation: 'push', kind: 'status', status: 403, times: -1, after: 2, match: { indexName } };
  await simulator.control('POST /faults', refused);
  const input = { indexName, action: 'addObject', records: products(100), batch: { maxRecords: 10 } } as const;
  const { type, message, result } = await failureOf({ ...input, maxParallel: 1, stopAfterFailures: 100 });
  expect(type).toBe('PushFailed');
  expect(message).toMatch(/objectIDs: p5; push: answered 403.*\. 20 records had been pushed before$/);
  expect(result).toMatchObject({ pushed: 20, failed: 10, complete: false });
});

test('an input that is no input is refused, naming each place', async () => {
  const refused = async (input: object) => (await failureOf(input as PushRecordsInput)).message;
  expect(await refused({ action: 'addObject', records: products(1) })).toContain('give either indexName or taskID');
  expect(await refused({ indexName: 'i', action: 'addObject' })).toContain('give either records or recordsRef');
  expect(await refused({ indexName: 'i', action: 'addObject', records: [{ title: 'x' }] })).toContain(
    'input.records[0].objectID',
  );
  expect(await refused({ indexName: 'i', action: 'upsert', records: [] })).toContain('input.action');
  expect(await refused({ indexName: 'i', action: 'addObject', records: products(1), maxParallel: 0 })).toContain(
    'input.maxParallel',
  );
  expect(await refused({ indexName: 'i', action: 'addObject', recordsRef: { uri: 's3://bucket/x' } })).toContain(
    'input.recordsRef.uri',
  );
  for (const uri of ['file:../../etc/passwd', 'file:/etc/passwd', 'file:///etc/passwd', 'file:a\\..\\b'])
    expect(await refused({ indexName: 'i', action: 'addObject', recordsRef: { uri } })).toContain(
      'input.recordsRef.uri: the path must be relative to RECORDS_DIR',
    );
  const large = products(900).map((record) => ({ ...record, text: 'x'.repeat(1_200) }));
  expect(await refused({ indexName: 'i', action: 'addObject', records: large })).toMatch(
    /input\.records: \d+ bytes, .*recordsRef/,
  );
});

test('a push that gets nowhere ends, and says what stood in its way', async () => {
  const { indexName } = await freshIndex();
  const fault = {
    operation: 'push',
    kind: 'status',
    status: 503,
    message: 'maintenance',
    times: -1,
    match: { indexName },
  };
  await simulator.control('POST /faults', fault);
  const { type, message } = await failureOf({
    indexName,
    action: 'addObject',
    records: products(1),
    noProgressFor: '5s',
  });
  expect(type).toBe('PushStuck');
  expect(message).toMatch(/nothing was pushed or verified for \d+ s; lastly: push: answered 503: maintenance/);
});

test('events that may not be read end the push, with what was pushed', async () => {
  const { indexName } = await freshIndex();
  const fault = { kind: 'status', status: 400, message: 'no such filter', times: -1 };
  for (const operation of ['getEvent', 'listEvents']) await simulator.control('POST /faults', { ...fault, operation });
  try {
    const { type, message, result } = await failureOf({ indexName, action: 'addObject', records: products(3) });
    expect(type).toBe('AlgoliaInvalid');
    expect(message).toContain('no such filter');
    expect(result).toMatchObject({ pushed: 3, verified: 0 });
  } finally {
    await simulator.control('DELETE /faults');
  }
});

test('a file that is changed while it is pushed ends the push', async () => {
  const { indexName } = await freshIndex();
  const name = `${indexName}.ndjson`;
  const recordsRef = await files.write(products(2_000), name);
  slowDown(indexName, 300);
  const handle = await start({ indexName, action: 'addObject', recordsRef, batch: { maxRecords: 10 } });
  await expect.poll(() => pushedBatches(simulator, indexName).length, { timeout: 150_000 }).toBeGreaterThan(10);
  await handle.signal(pause);
  await expect
    .poll(async () => (await handle.query(pushRecordsStatus)).pushed, { timeout: 150_000 })
    .toBeGreaterThan(0);
  await files.write(products(100), name);
  await handle.signal(resume);
  const error = (await handle.result().catch((reason: unknown) => reason)) as WorkflowFailedError;
  expect(error.cause).toMatchObject({
    type: 'RecordsInvalid',
    message: expect.stringContaining('it was changed while'),
  });
});

test('pushes what a listed host serves: CSV as gzip, and again from where a download broke off', async () => {
  const { indexName } = await freshIndex();
  const csv = gzipSync(
    `objectID,title\n${products(3_000)
      .map(({ objectID, title }) => `${objectID},${title}`)
      .join('\n')}\n`,
  );
  let downloads = 0;
  const server = createServer((_, response) => {
    downloads += 1;
    response.writeHead(200, { 'content-length': csv.length, etag: '"1"' });
    // The first is to look whether it may be read, the second is cut short.
    if (downloads === 2)
      response.write(csv.subarray(0, csv.length / 2), () => setTimeout(() => response.destroy(), 100));
    else response.end(csv);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const downloading = await startTestWorker({ simulator, environment: { RECORDS_HOSTS: host } });
  try {
    const result = await downloading.client.workflow.execute(pushRecords, {
      taskQueue: downloading.taskQueue,
      workflowId: `push-${randomUUID()}`,
      args: [
        {
          indexName,
          action: 'addObject',
          recordsRef: { uri: `http://${host}/products.csv.gz` },
          batch: { maxRecords: 100 },
        },
      ],
    });
    expect(result).toMatchObject({ pushed: 3_000, verified: 3_000, batches: 30, repeated: 0 });
    expect(downloads).toBe(3);
    expect(pushedBatches(simulator, indexName)).toHaveLength(30);
  } finally {
    await downloading.stop();
    server.closeAllConnections();
    server.close();
  }
});

test('a JSON array is pushed like lines, and an empty file is nothing to push', async () => {
  const { indexName } = await freshIndex();
  const array = await files.writeText(JSON.stringify(products(1_500), null, 2), `${indexName}.json`);
  expect(await push({ indexName, action: 'addObject', recordsRef: array })).toMatchObject({
    verified: 1_500,
    batches: 2,
  });
  const empty = await files.writeText('', `${indexName}.ndjson`);
  const handle = await start({ indexName, action: 'addObject', recordsRef: empty });
  const reason = 'there was nothing to push: the file of recordsRef has no record';
  expect(await handle.result()).toMatchObject({ pushed: 0, complete: true, reason });
  const { currentDetails } = (await handle.query('__temporal_workflow_metadata')) as { currentDetails: string };
  expect(currentDetails).toMatch(new RegExp(`^\\*\\*done\\*\\*: ${reason}\n`));
  expect((await handle.describe()).typedSearchAttributes.get({ name: 'Outcome', type: 'KEYWORD' })).toBe('empty');
  const bad = await files.writeText('nonsense\n', `${indexName}-bad.ndjson`);
  expect(
    await push({ indexName, action: 'addObject', recordsRef: bad, onBadRecord: 'skip', failWorkflow: false }),
  ).toMatchObject({ badRecords: 1, reason: 'there was nothing to push: the file of recordsRef has but 1 bad record' });
});

test('without verification no event is read', async () => {
  const { indexName, taskID } = await freshIndex();
  const before = simulator.world.requests.counts.listEvents ?? 0;
  const result = await push({ taskID, action: 'addObject', records: products(10), verify: 'none' });
  expect(result).toMatchObject({ pushed: 10, verified: 0, failed: 0 });
  expect(simulator.world.requests.counts.listEvents ?? 0).toBe(before);
  await expect.poll(async () => (await seeIndex(simulator, indexName))?.count, { timeout: 150_000 }).toBe(10);
});

test('borrows the transformation of another index where asked', async () => {
  const { indexName } = await freshIndex();
  const other = `${indexName}_tmp`;
  const input = { indexName: other, referenceIndexName: indexName, action: 'addObject', records: products(5) } as const;
  expect(await push(input)).toMatchObject({ verified: 5 });
  expect((await seeIndex(simulator, other))?.count).toBe(5);
});

test('an event that never says how it went fails the push in the end', async () => {
  const { indexName, taskID } = await freshIndex();
  await callAlgolia(simulator, `GET /2/tasks/${taskID}`);
  await simulator.control('POST /clock', { pushMs: 60_000 });
  try {
    const { type, message, result } = await failureOf({
      indexName,
      action: 'addObject',
      records: products(3),
      verifyWithin: '2s',
    });
    expect(type).toBe('PushFailed');
    expect(message).toContain('its event said nothing within 2 s');
    expect(result).toMatchObject({ pushed: 3, verified: 0, failed: 3 });
  } finally {
    await simulator.control('POST /clock', { pushMs: 20 });
  }
});
