import { defineSearchAttributeKey } from '@temporalio/common';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startSimulator, type Simulator } from '../../../simulator/index.ts';
import { pushRecords } from '../../../src/workflows/push-records.ts';
import { startTestWorker, type TestWorker } from '../../setup/start-worker.ts';

let simulator: Simulator;
let worker: TestWorker;

beforeAll(async () => {
  simulator = await startSimulator();
  worker = await startTestWorker({ simulator });
});

afterAll(async () => {
  await worker.stop();
  await simulator.stop();
});

test('cuts and cleans what a server could not keep', async () => {
  const indexName = `a\0b${'🛒'.repeat(1_000)}`;
  const handle = await worker.client.workflow.start(pushRecords, {
    taskQueue: worker.taskQueue,
    workflowId: `push-${randomUUID()}`,
    args: [{ indexName, action: 'addObject', records: [{ objectID: '1' }] }],
  });
  await expect(handle.result()).rejects.toMatchObject({ cause: { type: expect.stringMatching(/./) as string } });
  const { typedSearchAttributes } = await handle.describe();
  const found = typedSearchAttributes.get(defineSearchAttributeKey('AlgoliaIndex', 'KEYWORD'));
  expect(found).toBe(`a\uFFFDb${'🛒'.repeat(252)}`);
});
