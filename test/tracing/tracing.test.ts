import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest';
import { startSimulator, type Simulator } from '../../simulator/index.ts';
import { callAlgolia, makeConnector, serveRecords, type RecordServer } from '../setup/connector.ts';
import { makePushConnector } from '../setup/indices.ts';
import { spawnWorker, type SpawnedWorker } from '../setup/spawn-worker.ts';
import { workerEnvironment } from '../setup/start-worker.ts';
import { startCollector, type Collector, type SeenSpan } from './collector.ts';

const taskQueue = `tracing-${randomUUID()}`;
const PASSWORD = 'a password <&"> of a shop';

let simulator: Simulator;
let records: RecordServer;
let collector: Collector;
let worker: SpawnedWorker;
let client: Client;

beforeAll(async () => {
  [simulator, records, collector] = await Promise.all([
    // An application of its own has an alert book of its own.
    startSimulator({ runSpeed: 20, applicationId: `TRACING${randomUUID()}` }),
    serveRecords(),
    startCollector(),
  ]);
  worker = spawnWorker({
    ...workerEnvironment(simulator, taskQueue),
    LOG_LEVEL: 'debug',
    SECRET_SHOP: PASSWORD,
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment=test',
    OTEL_BSP_SCHEDULE_DELAY: '100',
  });
  const { address, namespace } = inject('temporal');
  client = new Client({ connection: await Connection.connect({ address }), namespace });
});
afterAll(async () => {
  await worker.end('SIGKILL');
  await Promise.all([simulator.stop(), records.stop(), collector.stop(), client.connection.close()]);
});

const start = (type: string, input: object) =>
  client.workflow.start(type, { taskQueue, workflowId: `${type}-${randomUUID()}`, args: [input] });
const call = async (operation: string, params: object) =>
  (await start('callOperation', { operation, params, confirm: operation })).result();

const arrived = (predicate: (span: SeenSpan) => boolean): Promise<SeenSpan> =>
  vi.waitFor(() => collector.spans().find(predicate) ?? expect.unreachable('the span has not arrived'), {
    timeout: 150_000,
    interval: 50,
  });
const parentOf = ({ parentSpanId }: SeenSpan) => arrived(({ spanId }) => spanId === parentSpanId);

test('a request is part of an activity, that of a workflow, and Algolia is told of the trace', async () => {
  const { taskID } = await makeConnector(simulator, { url: records.url });
  const sync = await start('syncTask', { taskID });
  await sync.result();

  const request = await arrived(({ name }) => name === 'POST /2/tasks/{taskID}/run');
  expect(request).toMatchObject({
    kind: 'SPAN_KIND_CLIENT',
    attributes: {
      'http.request.method': 'POST',
      'url.template': '/2/tasks/{taskID}/run',
      'server.address': '127.0.0.1',
      'algolia.operation': 'runTask',
      'algolia.effect': 'once',
      'http.response.status_code': '200',
    },
    resource: { 'service.name': 'algolia-ingestion-worker', 'deployment.environment': 'test' },
  });
  const activity = await parentOf(request);
  expect(activity).toMatchObject({
    name: 'RunActivity:runTask',
    attributes: { temporalWorkflowId: sync.workflowId, temporalAttempt: '1', temporalTaskQueue: taskQueue },
  });
  const scheduling = await parentOf(activity);
  expect(scheduling.name).toBe('StartActivity:runTask');
  const workflow = await parentOf(scheduling);
  expect(workflow).toMatchObject({
    name: 'RunWorkflow:syncTask',
    parentSpanId: '',
    status: 'STATUS_CODE_OK',
    attributes: {
      workflowId: sync.workflowId,
      runId: sync.firstExecutionRunId,
      workflowType: 'syncTask',
      attempt: '1',
    },
  });
  expect(new Set([request, activity, scheduling, workflow].map(({ traceId }) => traceId)).size).toBe(1);

  const seen = simulator.world.requests.list({ operation: 'runTask' });
  expect(seen.map(({ traceparent }) => traceparent)).toEqual([`00-${request.traceId}-${request.spanId}-01`]);
});

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
/** Started by a client that has this to tell of its trace. */
async function callTraced(operation: string, tracer: Readonly<Record<string, string>>): Promise<WorkflowHandle> {
  const headers = { '_tracer-data': defaultPayloadConverter.toPayload(tracer) };
  const traced = new Client({
    ...client.options,
    interceptors: { workflow: [{ startWithDetails: (input, next) => next({ ...input, headers }) }] },
  });
  const options = { taskQueue, workflowId: randomUUID(), args: [{ operation }] };
  const handle = await traced.workflow.start('callOperation', options);
  await handle.result();
  return handle;
}

test('a trace is carried on from whoever starts the workflow, and nothing besides', async () => {
  const traceparent = `00-${TRACE_ID}-b7ad6b7169203331-01`;
  const handle = await callTraced('listTasks', { traceparent, baggage: 'customer=baggage-marker' });
  const { events } = await handle.fetchHistory();
  const headers = events?.flatMap(({ activityTaskScheduledEventAttributes: scheduled }) => scheduled?.header ?? []);
  const carried = headers?.map(({ fields }) =>
    defaultPayloadConverter.fromPayload(fields?.['_tracer-data'] as Payload),
  );
  expect(carried).toEqual([{ traceparent: expect.stringContaining(TRACE_ID) }]);
});

test('a trace that its caller does not keep is carried on to Algolia, and not kept here either', async () => {
  const traceId = TRACE_ID.replace('0', '1');
  await callTraced('listAuthentications', { traceparent: `00-${traceId}-b7ad6b7169203331-00` });
  const seen = simulator.world.requests.list({ operation: 'listAuthentications' });
  const traceparent = expect.stringMatching(new RegExp(`^00-${traceId}-[\\da-f]{16}-00$`));
  expect(seen.map((request) => request.traceparent)).toEqual([traceparent]);
  // All of it would have arrived before what comes after.
  await call('searchTasks', { taskIDs: [randomUUID()] });
  await arrived(({ attributes }) => attributes['algolia.operation'] === 'searchTasks');
  expect(collector.spans().filter((span) => span.traceId === traceId)).toEqual([]);
});

test('a retry is a span of its own, and a failure says of which type it is, in no words', async () => {
  await simulator.control('POST /faults', { operation: 'listDestinations', kind: 'status', status: 503 });
  await call('listDestinations', {});
  const attempt = (n: string) =>
    arrived(({ name, attributes }) => name === 'RunActivity:listDestinations' && attributes.temporalAttempt === n);
  const failed = await attempt('1');
  expect(failed).toMatchObject({ status: 'STATUS_CODE_ERROR', attributes: { 'error.type': 'AlgoliaUnavailable' } });
  expect(failed.events).toEqual([]);
  expect(await attempt('2')).toMatchObject({ status: 'STATUS_CODE_OK', traceId: failed.traceId });
  const request = await arrived(({ parentSpanId }) => parentSpanId === failed.spanId);
  expect(request).toMatchObject({
    status: 'STATUS_CODE_ERROR',
    attributes: { 'http.response.status_code': '503', 'error.type': '503' },
  });
});

test('an activity that is started by itself begins a trace', async () => {
  const options = { taskQueue, id: randomUUID(), args: [{}], startToCloseTimeout: '1m' } as const;
  await client.activity.execute('listTransformations', options);
  const span = await arrived(({ name }) => name === 'RunActivity:listTransformations');
  expect(span).toMatchObject({ parentSpanId: '', attributes: { temporalActivityId: options.id } });
  expect(span.attributes).not.toHaveProperty('temporalWorkflowId');
});

test('what an activity asks Temporal for is part of its trace, and what it starts as well', async () => {
  const report = { channels: [], repeatEveryMs: 60_000, problems: [], fine: [] };
  const options = { taskQueue, id: randomUUID(), args: [report], startToCloseTimeout: '1m' } as const;
  await client.activity.execute('reportProblems', options);
  const handled = await arrived(({ name }) => name === 'HandleUpdate:report');
  const update = await parentOf(handled);
  expect(update).toMatchObject({
    name: 'UpdateWithStartWorkflow:report',
    attributes: { temporalWorkflowId: `algolia-alerts/${simulator.applicationId}` },
  });
  expect(await parentOf(update)).toMatchObject({ name: 'RunActivity:reportProblems' });
});

test('a request without an answer says so', async () => {
  await simulator.control('POST /faults', { operation: 'listSources', kind: 'reset' });
  await call('listSources', {});
  const request = await arrived(
    ({ attributes }) => attributes['algolia.operation'] === 'listSources' && 'error.type' in attributes,
  );
  expect(request.attributes).toMatchObject({ 'error.type': 'NoAnswer' });
  expect(request.attributes).not.toHaveProperty('http.response.status_code');
});

test('no span holds a secret, a query, a header or a body', async () => {
  const secret = { $secret: 'env:SECRET_SHOP' };
  const input = { username: 'user-marker', password: secret };
  await call('createAuthentication', { type: 'basic', name: 'name-marker', input });
  const refusal = {
    operation: 'createAuthentication',
    kind: 'status',
    status: 400,
    message: `'${PASSWORD}' answer-marker`,
  };
  await simulator.control('POST /faults', refusal);
  await expect(call('createAuthentication', { type: 'basic', name: 'weak', input })).rejects.toThrow('failed');
  await call('customGet', { path: '1/sources', parameters: { itemsPerPage: 7, marker: 'query-marker' } });
  await makePushConnector(simulator, 'traced');
  await (
    await start('pushRecords', {
      indexName: 'traced',
      action: 'addObject',
      records: [{ objectID: 'record-marker', title: 'record-marker' }],
    })
  ).result();
  const { authenticationID } = await callAlgolia<{ authenticationID: string }>(simulator, 'POST /1/authentications', {
    type: 'basic',
    name: 'another',
    input: { username: 'u', password: 'p' },
  });
  await call('getAuthentication', { authenticationID });
  await arrived(({ attributes }) => attributes['algolia.operation'] === 'getAuthentication');

  expect(collector.spans().map(({ name }) => name)).toEqual(
    expect.arrayContaining(['POST /1/authentications', 'GET /{path}', 'POST /1/push/{indexName}']),
  );
  const raw = collector.raw();
  const never = [PASSWORD, simulator.apiKey, authenticationID, '-marker', 'itemsPerPage', 'x-algolia'];
  expect(never.filter((text) => raw.includes(text))).toEqual([]);
  expect(JSON.stringify(collector.spans())).not.toContain('?');
});

test('log lines of activities name the trace', async () => {
  // Of an operation that no other test calls: there is one line, and one span.
  await call('searchSources', { sourceIDs: [randomUUID()] });
  const { traceId } = await arrived(({ name }) => name === 'RunActivity:searchSources');
  const lines = () =>
    worker
      .stderr()
      .split('\n')
      .filter((line) => line.includes('"operation":"searchSources"'));
  await vi.waitFor(
    () => expect(lines().map((line) => JSON.parse(line) as object)).toMatchObject([{ trace_id: traceId }]),
    {
      timeout: 150_000,
    },
  );
});

test('the last spans are sent before the worker leaves', async () => {
  const before = collector.spans().length;
  const last = await start('callOperation', { operation: 'listRuns' });
  await last.result();
  expect(await worker.end('SIGTERM')).toBe(0);
  const names = collector
    .spans()
    .slice(before)
    .map(({ name }) => name);
  expect(names).toContain('RunWorkflow:callOperation');
});
