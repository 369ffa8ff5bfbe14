import { gzipSync } from 'node:zlib';
import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startSimulator, type Simulator } from '../../simulator/index.ts';
import { pushRecords, type PushRecordsInput } from '../../src/workflows/push-records.ts';
import { makePushConnector, seeIndex } from '../setup/indices.ts';
import { makeRecordsDirectory, type RecordsDirectory } from '../setup/records-directory.ts';
import { startTestWorker, type TestWorker } from '../setup/start-worker.ts';

let simulator: Simulator;
let records: RecordsDirectory;
let worker: TestWorker;

beforeAll(async () => {
  [simulator, records] = await Promise.all([startSimulator({ pushMs: 20, quotas: false }), makeRecordsDirectory()]);
  worker = await startTestWorker({ simulator, environment: { RECORDS_DIR: records.path } });
});

afterAll(async () => {
  await worker.stop();
  await Promise.all([simulator.stop(), records.remove()]);
});

const push = (input: PushRecordsInput) =>
  worker.client.workflow.execute(pushRecords, {
    taskQueue: worker.taskQueue,
    workflowId: randomUUID(),
    args: [input],
  });

const products = (count: number) =>
  Array.from({ length: count }, (_, n) => ({ objectID: `p${n}`, title: `Product ${n}`, price: n }));

test('pushes a file in batches and reads the event of each', async () => {
  const indexName = randomUUID();
  await makePushConnector(simulator, indexName);
  const recordsRef = await records.write(products(2_500));
  const result = await push({ indexName, action: 'addObject', recordsRef });
  expect(result).toMatchObject({ pushed: 2_500, verified: 2_500, failed: 0, batches: 3, repeated: 0, complete: true });
  expect((await seeIndex(simulator, indexName))?.count).toBe(2_500);
});
