import { randomBytes, randomUUID } from 'node:crypto';
import { Client } from '@temporalio/client';
import proto from '@temporalio/proto';
import { register } from 'tsx/cjs/api';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startSimulator, type Simulator } from '../../simulator/index.ts';
import { codecKeys } from '../../src/codec/codec-keys.ts';
import { createDataConverter } from '../../src/codec/data-converter.ts';
import { cliWith, type Cli } from '../cli/run-cli.ts';
import { bundleWorkflows } from '../setup/bundle-workflows.ts';
import { makeConnector, serveRecords, type RecordServer } from '../setup/connector.ts';
import { startTestWorker, workerEnvironment, type TestWorker } from '../setup/start-worker.ts';

const KEYS = `k1:${randomBytes(32).toString('base64')}`;
const dataConverter = createDataConverter(codecKeys.parse(KEYS));
/** Stands in everything that is sent; may be found nowhere. */
const MARKER = 'swordfish-marker';

// The SDK loads a failure converter with `require`, which knows TypeScript under tsx and not under vitest.
const unregister = register();

let simulator: Simulator;
let records: RecordServer;
let worker: TestWorker;
let client: Client;
let cli: Cli;

beforeAll(async () => {
  simulator = await startSimulator({ runSpeed: 20 });
  records = await serveRecords();
  const { failureConverterPath } = dataConverter as { failureConverterPath: string };
  worker = await startTestWorker({
    simulator,
    environment: { TEMPORAL_CODEC_KEYS: KEYS },
    overrides: { workflowBundle: await bundleWorkflows({ failureConverterPath }) },
  });
  client = new Client({ ...worker.client.options, dataConverter });
  const { TEMPORAL_ADDRESS = '', TASK_QUEUE = '' } = workerEnvironment(simulator, worker.taskQueue);
  cli = cliWith({ TEMPORAL_ADDRESS, TASK_QUEUE, TEMPORAL_CODEC_KEYS: KEYS });
});
afterAll(async () => {
  unregister();
  await worker?.stop();
  await records?.stop();
  await simulator?.stop();
});

/** What Temporal stores of a workflow: its history and what describes it. */
async function storedOf(workflowId: string) {
  const { namespace } = client.options;
  const history = await client.workflow.getHandle(workflowId).fetchHistory();
  const description = await client.workflowService.describeWorkflowExecution({ namespace, execution: { workflowId } });
  const { History } = proto.temporal.api.history.v1;
  const { DescribeWorkflowExecutionResponse } = proto.temporal.api.workflowservice.v1;
  const bytes = [History.encode(history).finish(), DescribeWorkflowExecutionResponse.encode(description).finish()];
  return {
    text: Buffer.concat(bytes).toString('latin1'),
    readable: [...readablePayloads(History.toObject(History.create(history))), ...readablePayloads(description)],
  };
}

/** Where payloads stand that are not encrypted. */
function readablePayloads(value: unknown, path = ''): string[] {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return [];
  const encoding = (value as { metadata?: { encoding?: Uint8Array } }).metadata?.encoding;
  if (encoding) return Buffer.from(encoding).toString() === 'binary/encrypted' ? [] : [path];
  return Object.entries(value).flatMap(([name, item]) => readablePayloads(item, `${path}/${name}`));
}

const expectUnreadable = ({ text, readable }: Awaited<ReturnType<typeof storedOf>>) => {
  expect(text).toContain('binary/encrypted');
  for (const form of [MARKER, Buffer.from(MARKER).toString('base64').slice(0, 16)])
    expect(text.includes(form)).toBe(false);
  // By what people search is readable by design; a local activity's marker holds its name and times there.
  const known = /\/searchAttributes\/indexedFields\/|\/markerRecordedEventAttributes\/details\/data\//;
  expect(readable.filter((path) => !known.test(path))).toEqual([]);
};

test('a sync leaves nothing readable of its input, its progress or its result', async () => {
  const { taskID } = await makeConnector(simulator, { url: records.url });
  const workflowId = randomUUID();
  const result = await client.workflow.execute('syncTask', {
    taskQueue: worker.taskQueue,
    workflowId,
    args: [{ taskID, runMetadata: { note: MARKER } }],
    memo: { note: MARKER },
    staticSummary: MARKER,
  });
  expect(result).toMatchObject({ verdict: 'success' });
  const stored = await storedOf(workflowId);
  expectUnreadable(stored);
  // By what people search stays readable: ids, names of indices, verdicts.
  expect(stored.text).toContain(taskID);
});

test('a failure keeps its type, and hides its message and stack', async () => {
  const workflowId = randomUUID();
  const input = { operation: 'getSource', params: { sourceID: MARKER }, reason: MARKER };
  const { code, stderr } = await cli(['start', 'callOperation', JSON.stringify(input), '--id', workflowId, '--wait']);
  expect(code).toBe(1);
  expect(stderr).toContain(`AlgoliaInvalid: getSource: answered 404: Source ${MARKER} not found`);
  const stored = await storedOf(workflowId);
  expectUnreadable(stored);
  expect(stored.text).toContain('AlgoliaInvalid');
  expect(stored.text).toContain('Encoded failure');
  expect(stored.text.includes('operation-activities')).toBe(false);
});

test('the CLI reads and writes what the worker does', async () => {
  const called = await cli(['call', 'listSources', '{"itemsPerPage": 5}']);
  expect(called.json()).toMatchObject({ pagination: { itemsPerPage: 5 } });

  const workflowId = randomUUID();
  await cli(['start', 'callOperation', '{"operation": "listTasks", "reason": "audit"}', '--id', workflowId, '--wait']);
  const status = await cli(['status', workflowId, '--json']);
  expect(status.json()).toMatchObject({ status: 'COMPLETED', details: '`listTasks`: audit' });
});

test('without the key, or with another, it says which one is missing', async () => {
  const workflowId = randomUUID();
  await cli(['start', 'callOperation', '{"operation": "listTasks"}', '--id', workflowId, '--wait']);
  const none = await cli(['status', workflowId], { env: { TEMPORAL_CODEC_KEYS: '' } });
  expect(none).toMatchObject({
    code: 1,
    stderr: "a payload is encrypted with the key 'k1', but TEMPORAL_CODEC_KEYS is not set\n",
  });
  const other = await cli(['status', workflowId], {
    env: { TEMPORAL_CODEC_KEYS: `k2:${randomBytes(32).toString('base64')}` },
  });
  expect(other.stderr).toBe("a payload is encrypted with the key 'k1', but TEMPORAL_CODEC_KEYS holds k2 only\n");
});

test('a worker takes what was encrypted with an earlier key', async () => {
  const rotated = { TEMPORAL_CODEC_KEYS: `k2:${randomBytes(32).toString('base64')},${KEYS}` };
  const later = await startTestWorker({
    simulator,
    environment: { ...rotated, TASK_QUEUE: `rotated-${randomUUID()}` },
    overrides: {},
  });
  try {
    const answer = await client.workflow.start('callOperation', {
      taskQueue: later.taskQueue,
      workflowId: randomUUID(),
      args: [{ operation: 'listTasks' }],
    });
    const reader = new Client({
      ...worker.client.options,
      dataConverter: createDataConverter(codecKeys.parse(rotated.TEMPORAL_CODEC_KEYS)),
    });
    expect(await reader.workflow.getHandle(answer.workflowId).result()).toMatchObject({ tasks: expect.any(Array) });
  } finally {
    await later.stop();
  }
});
