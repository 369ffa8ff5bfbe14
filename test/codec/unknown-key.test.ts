import { Client } from '@temporalio/client';
import { randomBytes, randomUUID } from 'node:crypto';
import { register } from 'tsx/cjs/api';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startSimulator, type Simulator } from '../../simulator/index.ts';
import { codecKeys } from '../../src/codec/codec-keys.ts';
import { createDataConverter } from '../../src/codec/data-converter.ts';
import { bundleWorkflows } from '../setup/bundle-workflows.ts';
import { startTestWorker } from '../setup/start-worker.ts';

const [OURS, THEIRS] = ['ours', 'theirs'].map((id) => `${id}:${randomBytes(32).toString('base64')}`) as [
  string,
  string,
];
const INPUT = { operation: 'listSources' };
const taskQueue = `unknown-key-${randomUUID()}`;

// The SDK loads a failure converter with `require`, which knows TypeScript under tsx and not under vitest.
const unregister = register();
let simulator: Simulator;
let workflowBundle: { readonly codePath: string };

beforeAll(async () => {
  simulator = await startSimulator();
  const { failureConverterPath } = createDataConverter(codecKeys.parse(OURS)) as { failureConverterPath: string };
  workflowBundle = await bundleWorkflows({ failureConverterPath });
});
afterAll(async () => {
  unregister();
  await simulator?.stop();
});

const startWorker = (keys: string) =>
  startTestWorker({
    simulator,
    environment: { TEMPORAL_CODEC_KEYS: keys, TASK_QUEUE: taskQueue },
    overrides: { workflowBundle },
  });
const clientWith = (keys: string, { client }: { client: Client }) =>
  new Client({ ...client.options, dataConverter: createDataConverter(codecKeys.parse(keys)) });
const call = (client: Client) =>
  client.workflow.start('callOperation', { taskQueue, workflowId: randomUUID(), args: [INPUT] });

test('a workflow that a worker has no key for waits for one that has it, and holds up no other', async () => {
  const stranger = await startWorker(OURS);
  const waiting = await call(clientWith(THEIRS, stranger));
  try {
    const pending = async () => (await waiting.describe()).raw.pendingWorkflowTask?.attempt ?? 0;
    await expect.poll(pending, { timeout: 150_000 }).toBeGreaterThan(1);
    expect(await (await call(clientWith(OURS, stranger))).result()).toMatchObject({ sources: [] });
    expect(stranger.worker.getState()).toBe('RUNNING');
  } finally {
    await stranger.stop();
  }
  const ours = await startWorker(`${OURS},${THEIRS}`);
  try {
    const reader = clientWith(`${OURS},${THEIRS}`, ours);
    expect(await reader.workflow.getHandle(waiting.workflowId).result()).toMatchObject({ sources: [] });
  } finally {
    await ours.stop();
  }
});
