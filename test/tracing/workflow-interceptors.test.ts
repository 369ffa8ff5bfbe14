import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure, defaultPayloadConverter, type Payload } from '@temporalio/common';
import { DefaultLogger, NativeConnection, Runtime, Worker, type InjectedSinks } from '@temporalio/worker';
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest';
import type { SpanRecord, TracingSinks } from '../../src/tracing/workflow-spans.ts';
import { sharedWorkflows, tracingPath } from '../../src/workflow-bundle.ts';
import { bundleWorkflows } from '../setup/bundle-workflows.ts';
import {
  ask,
  delegates,
  end,
  fails,
  isRefused,
  listens,
  repeats,
  tell,
  wanders,
  type Activities,
} from './workflows.ts';

interface Line {
  readonly message: string;
  readonly meta: unknown;
}
const lines: Line[] = [];
Runtime.install({
  logger: new DefaultLogger('ERROR', ({ message, meta }) => lines.push({ message, meta })),
  telemetryOptions: { logging: { forward: {}, filter: { core: 'ERROR', other: 'ERROR' } } },
});

const taskQueue = `tracing-${randomUUID()}`;
/** One that keeps no workflow, and replays it at every task. */
const forgetful = `${taskQueue}-forgetful`;
const untraced = `${taskQueue}-untraced`;
const path = fileURLToPath(new URL('./workflows.ts', import.meta.url));

type Recorded = SpanRecord & { readonly workflowId: string };
const records: Recorded[] = [];
const sinks = {
  tracing: { record: { fn: ({ workflowId }, record) => void records.push({ ...record, workflowId }) } },
} satisfies InjectedSinks<TracingSinks>;

let client: Client;
let bundles: Record<'traced' | 'plain', { codePath: string }>;
let stop: () => Promise<void>;

beforeAll(async () => {
  const { address, namespace } = inject('temporal');
  const [connection, native, traced, plain] = await Promise.all([
    Connection.connect({ address }),
    NativeConnection.connect({ address }),
    bundleWorkflows(sharedWorkflows({ path, tracingPath })),
    bundleWorkflows(sharedWorkflows({ path })),
  ]);
  client = new Client({ connection, namespace });
  bundles = { traced, plain };
  const activities: Activities = {
    note: async (text) => text,
    refuse: async () => {
      throw ApplicationFailure.nonRetryable('in so many words', 'Refused');
    },
  };
  const common = { connection: native, namespace, activities };
  const workers = await Promise.all([
    Worker.create({ ...common, taskQueue, workflowBundle: traced, sinks }),
    Worker.create({ ...common, taskQueue: forgetful, workflowBundle: traced, sinks, maxCachedWorkflows: 0 }),
    Worker.create({ ...common, taskQueue: untraced, workflowBundle: plain }),
  ]);
  const running = workers.map((worker) => worker.run());
  stop = async () => {
    for (const worker of workers) worker.shutdown();
    await Promise.all(running);
    await Promise.all([connection.close(), native.close()]);
  };
});
afterAll(() => stop());

const start = (workflow: (...args: never[]) => Promise<unknown>, queue = taskQueue, args: unknown[] = []) =>
  client.workflow.start(workflow.name, { taskQueue: queue, workflowId: `${workflow.name}-${randomUUID()}`, args });

/** A client with a trace of its own. */
const tracedClient = (header: Payload) => {
  const headers = { '_tracer-data': header };
  return new Client({
    ...client.options,
    interceptors: {
      workflow: [
        {
          startWithDetails: (input, next) => next({ ...input, headers }),
          signal: (input, next) => next({ ...input, headers }),
        },
      ],
    },
  });
};

const spansOf = ({ workflowId }: { workflowId: string }) =>
  records.filter((record) => record.workflowId === workflowId);
const spanOf = (workflow: { workflowId: string }, name: string) =>
  spansOf(workflow).find((span) => span.name === name) ?? expect.unreachable(`there is no ${name}`);
/** The names from where a trace begins. */
function pathOf({ name, parent }: Recorded): string {
  const above = records.find(({ context }) => context.spanId === parent?.spanId);
  return above ? `${pathOf(above)} > ${name}` : name;
}
const pathsOf = (workflow: { workflowId: string }) => spansOf(workflow).map(pathOf).toSorted();

async function carriedBy(handle: WorkflowHandle): Promise<unknown[]> {
  const { events } = await handle.fetchHistory();
  const headers = events?.flatMap(({ activityTaskScheduledEventAttributes: scheduled }) => scheduled?.header ?? []);
  return (headers ?? []).map(({ fields }) => defaultPayloadConverter.fromPayload(fields?.['_tracer-data'] as Payload));
}

async function converse(handle: WorkflowHandle): Promise<void> {
  await handle.signal(tell, 'by a signal');
  await handle.executeUpdate(ask, { args: ['by an update'], updateId: 'asked' });
  await handle.signal(end);
  await handle.result();
}

const LISTENED = [
  'RunWorkflow:listens',
  'RunWorkflow:listens > HandleSignal:end',
  'RunWorkflow:listens > HandleSignal:tell',
  'RunWorkflow:listens > HandleSignal:tell > StartActivity:note',
  'RunWorkflow:listens > HandleUpdate:ask',
  'RunWorkflow:listens > HandleUpdate:ask > StartActivity:note',
  'RunWorkflow:listens > StartActivity:note',
];

test('there is a span of every signal and update, and what their handlers start is part of it', async () => {
  const handle = await start(listens);
  await converse(handle);
  expect(pathsOf(handle)).toEqual(LISTENED);
  expect(spanOf(handle, 'HandleUpdate:ask').attributes).toEqual({ temporalUpdateId: 'asked' });
});

test('a workflow that is replayed at every task makes each span once, with the ids that it has sent', async () => {
  const handle = await start(listens, forgetful);
  await converse(handle);
  expect(pathsOf(handle)).toEqual(LISTENED);
  const scheduled = spansOf(handle).filter(
    ({ name, parent }) =>
      name === 'StartActivity:note' && parent?.spanId !== spanOf(handle, 'RunWorkflow:listens').context.spanId,
  );
  const sent = scheduled.map(({ context: { traceId, spanId } }) => ({ traceparent: `00-${traceId}-${spanId}-01` }));
  expect(sent).toHaveLength(2);
  expect(await carriedBy(handle)).toEqual(expect.arrayContaining(sent));
});

test('a trace that a workflow begins is found by its run id, and every span has an id of its own', async () => {
  const handle = await start(listens);
  await converse(handle);
  const traceId = handle.firstExecutionRunId.replaceAll('-', '');
  expect(new Set(spansOf(handle).map(({ context }) => context.traceId))).toEqual(new Set([traceId]));
  const ids = records.map(({ context }) => context.spanId);
  expect(new Set(ids).size).toBe(ids.length);
  for (const id of ids) expect(id).toMatch(/^[\da-f]{16}$/);
});

test('a child, and a signal to it, are part of the trace of who starts it', async () => {
  const handle = await start(delegates);
  await handle.result();
  const paths = records
    .filter(({ context }) => context.traceId === spanOf(handle, 'RunWorkflow:delegates').context.traceId)
    .map(pathOf);
  expect(paths.toSorted()).toEqual([
    'RunWorkflow:delegates',
    'RunWorkflow:delegates > SignalWorkflow:end',
    'RunWorkflow:delegates > SignalWorkflow:end > HandleSignal:end',
    'RunWorkflow:delegates > StartChildWorkflow:listens',
    'RunWorkflow:delegates > StartChildWorkflow:listens > RunWorkflow:listens',
    'RunWorkflow:delegates > StartChildWorkflow:listens > RunWorkflow:listens > StartActivity:note',
  ]);
});

test('a workflow that continues as new has not failed, and goes on in its trace', async () => {
  const handle = await start(repeats, taskQueue, [2]);
  await handle.result();
  const continued = 'RunWorkflow:repeats > ContinueAsNew:repeats';
  expect(pathsOf(handle)).toEqual([
    'RunWorkflow:repeats',
    continued,
    `${continued} > RunWorkflow:repeats`,
    `${continued} > RunWorkflow:repeats > StartActivity:note`,
    'RunWorkflow:repeats > StartActivity:note',
  ]);
  expect(spansOf(handle).filter(({ errorType }) => errorType !== undefined)).toEqual([]);
});

test('a failure is told by its type, and in no words', async () => {
  const failed = await start(fails);
  const refused = await start(isRefused);
  const cancelled = await start(listens);
  await cancelled.executeUpdate(ask, { args: ['are you there?'] });
  await cancelled.cancel();
  for (const handle of [failed, refused, cancelled])
    await expect(handle.result()).rejects.toThrow('Workflow execution');
  expect(spanOf(failed, 'RunWorkflow:fails').errorType).toBe('OutOfStock');
  expect(spanOf(refused, 'StartActivity:refuse').errorType).toBe('Refused');
  expect(spanOf(refused, 'RunWorkflow:isRefused').errorType).toBe('Refused');
  expect(spanOf(cancelled, 'RunWorkflow:listens').errorType).toBe('CancelledFailure');
  expect(JSON.stringify(records)).not.toContain('words');
});

const PARENT = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };
const traceparent = (flags: string) => `00-${PARENT.traceId}-${PARENT.spanId}-${flags}`;
const payload = (value: unknown) => defaultPayloadConverter.toPayload(value);
const startTraced = (header: Payload) =>
  tracedClient(header).workflow.start(repeats, { taskQueue, workflowId: randomUUID(), args: [1] });

test('what the caller of a workflow does not keep is not recorded, and neither is what the workflow calls', async () => {
  const handle = await startTraced(payload({ traceparent: traceparent('00') }));
  await handle.result();
  expect(spansOf(handle)).toEqual([]);
  const child = new RegExp(`^00-${PARENT.traceId}-[\\da-f]{16}-00$`);
  expect(await carriedBy(handle)).toEqual([{ traceparent: expect.stringMatching(child) }]);
});

test("a message with a trace of its own is part of that, and the caller's trace state is carried on", async () => {
  const handle = await start(listens);
  const carrier = { traceparent: traceparent('01'), tracestate: 'vendor=1', baggage: 'customer=1' };
  await tracedClient(payload(carrier)).workflow.getHandle(handle.workflowId).signal(tell, 'by a signal');
  await handle.signal(end);
  await handle.result();
  const parent = { ...PARENT, traceFlags: 1, traceState: 'vendor=1' };
  const span = spanOf(handle, 'HandleSignal:tell');
  expect(span.parent).toEqual(parent);
  const { spanId } = spansOf(handle).find((record) => record.parent?.spanId === span.context.spanId)?.context ?? {};
  expect(await carriedBy(handle)).toEqual([
    { traceparent: `00-${PARENT.traceId}-${spanId}-01`, tracestate: 'vendor=1' },
  ]);
});

test.each([
  ['no trace', payload('nonsense')],
  ['all zeros', payload({ traceparent: `00-${'0'.repeat(32)}-b7ad6b7169203331-01` })],
  ['what nobody can read', { metadata: { encoding: Buffer.from('binary/unknown') }, data: Buffer.from('?') }],
])('a header that holds %s stops nothing', async (_, header) => {
  const handle = await startTraced(header);
  await handle.result();
  expect(spanOf(handle, 'RunWorkflow:repeats').parent).toBeUndefined();
});

test('log lines of workflows name the trace', async () => {
  const handle = await start(listens);
  await handle.signal(end);
  await handle.result();
  const { traceId, spanId } = spanOf(handle, 'RunWorkflow:listens').context;
  const own = () =>
    lines.filter(({ meta }) => (meta as { workflowId?: string } | undefined)?.workflowId === handle.workflowId);
  const meta = { trace_id: traceId, span_id: spanId, trace_flags: '01' };
  await vi.waitFor(() => expect(own()).toMatchObject([{ message: 'I listen', meta }]), { timeout: 150_000 });
});

test('the bundle of workflows with tracing holds nothing of OpenTelemetry', async () => {
  const code = await readFile(bundles.traced.codePath, 'utf8');
  expect(code).toContain('src/tracing/workflow-interceptors.ts');
  expect(code).not.toContain('@opentelemetry/');
});

test('a workflow draws and does the same with tracing and without: histories replay both ways', async () => {
  const handles = await Promise.all(
    [taskQueue, untraced].flatMap((queue) => Array.from({ length: 5 }, () => start(wanders, queue))),
  );
  await Promise.all(handles.map((handle) => handle.result()));
  const histories = await Promise.all(
    handles.map(async (handle) => ({ workflowId: handle.workflowId, history: await handle.fetchHistory() })),
  );
  for (const workflowBundle of [bundles.traced, bundles.plain])
    for await (const { error } of Worker.runReplayHistories({ workflowBundle, sinks }, histories))
      expect(error).toBeUndefined();
});

test("a workflow that has begun under Temporal's own interceptors goes on in the order that they made", async () => {
  const history: unknown = JSON.parse(await readFile(new URL('./races.json', import.meta.url), 'utf8'));
  const replays = Worker.runReplayHistories({ workflowBundle: bundles.traced, sinks }, [
    { workflowId: 'races', history },
  ]);
  for await (const { error } of replays) expect(error).toBeUndefined();
});
