import { ActivityExecutionFailedError, Client, Connection, type ActivityHandle } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { NativeConnection, Worker, type ActivityInterceptorsFactory, type WorkerOptions } from '@temporalio/worker';
import { randomUUID } from 'node:crypto';
import { once as event } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test, vi } from 'vitest';
import { installQuietRuntime } from '../../scripts/install-quiet-runtime.ts';
import { createActivities } from '../../src/activities/index.ts';
import type { InputOf, OperationName } from '../../src/operations/index.ts';
import { configuredApiKeys } from '../../src/secrets/api-keys.ts';
import { createScrubber } from '../../src/secrets/scrubber.ts';
import { createSecretStore } from '../../src/secrets/secret-store.ts';
import {
  answerJson,
  closedOrigin,
  startServer,
  type LoopbackServer,
  type RecordedRequest,
  type Respond,
} from '../algolia/loopback.ts';
import { spawnWorker } from '../setup/spawn-worker.ts';

const { address, namespace } = inject('temporal');
const PASSWORD = 'p4ss-which-must-not-show';
const push = { indexName: 'i', pushTaskPayload: { action: 'addObject' as const, records: [{ objectID: 'o' }] } };

let connection: Connection;
let native: NativeConnection;
let client: Client;
let directory: string;
let keyFile: string;

beforeAll(async () => {
  installQuietRuntime();
  [connection, native] = await Promise.all([Connection.connect({ address }), NativeConnection.connect({ address })]);
  client = new Client({ connection, namespace });
  directory = mkdtempSync(join(tmpdir(), 'operation-activities-'));
  keyFile = join(directory, 'key');
});
afterAll(async () => {
  await connection.close();
  await native.close();
  rmSync(directory, { recursive: true });
});

const open: (() => Promise<unknown>)[] = [];
let taskQueue: string;
beforeEach(() => {
  taskQueue = `operation-activities-${randomUUID()}`;
  writeFileSync(keyFile, 'key-1');
});
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

/** Algolia, answering request by request as told; the last answer stands for all later ones. */
async function algolia(...answers: Respond[]): Promise<LoopbackServer> {
  const server = await startServer((request, response, incoming) => {
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    answer?.(request, response, incoming);
  });
  open.push(() => server.close());
  return server;
}

async function startWorker(
  origin: URL,
  intercept?: ActivityInterceptorsFactory,
  more: Partial<WorkerOptions> = {},
): Promise<void> {
  const scrubber = createScrubber();
  const store = createSecretStore({ variables: { SECRET_PASSWORD: PASSWORD }, directory: undefined, scrubber });
  const worker = await Worker.create({
    connection: native,
    namespace,
    taskQueue,
    activities: createActivities({
      applicationId: 'APP1',
      hosts: { ingestion: origin, search: origin },
      keys: configuredApiKeys({ file: keyFile }, scrubber),
      reveal: ({ reference }) => store.reveal(reference),
      scrub: scrubber.scrub,
      userAgent: 'test',
    }),
    ...(intercept ? { interceptors: { activity: [intercept] } } : {}),
    // A cancellation comes with the answer to a heartbeat.
    maxHeartbeatThrottleInterval: '500ms',
    ...more,
  });
  const running = worker.run();
  // First the worker, then what it talks to: a request under way is aborted by the shutdown, not by a reset.
  open.unshift(async () => {
    worker.shutdown();
    await running;
  });
}

type Options = {
  heartbeatTimeout?: string;
  startToCloseTimeout?: string;
  maximumAttempts?: number;
  initialInterval?: string;
};
function start<N extends OperationName>(
  name: N,
  input: InputOf<N>,
  { startToCloseTimeout = '20s', heartbeatTimeout, maximumAttempts = 3, initialInterval = '50ms' }: Options = {},
): Promise<ActivityHandle<unknown>> {
  return client.activity.start(name, {
    id: randomUUID(),
    taskQueue,
    args: [input],
    startToCloseTimeout: startToCloseTimeout as '20s',
    ...(heartbeatTimeout ? { heartbeatTimeout: heartbeatTimeout as '20s' } : {}),
    retry: { maximumAttempts, initialInterval: initialInterval as '20s', backoffCoefficient: 1 },
  });
}
const run = async <N extends OperationName>(name: N, input: InputOf<N>, options?: Options) =>
  (await start(name, input, options)).result();

async function failureOf(outcome: Promise<unknown>): Promise<ApplicationFailure> {
  const error: unknown = await outcome.then(
    (result) => new Error(`expected a failure, got ${JSON.stringify(result)}`),
    (reason: unknown) => reason,
  );
  if (error instanceof ActivityExecutionFailedError && error.cause instanceof ApplicationFailure) return error.cause;
  throw error;
}

const answering =
  (value: unknown, status = 200, headers: Record<string, string> = {}): Respond =>
  (_, response) =>
    answerJson(response, value, status, headers);
const hanging: Respond = () => {};
const reset: Respond = (_, __, incoming) => void incoming.socket.resetAndDestroy();
const keysOf = (requests: readonly RecordedRequest[]) => requests.map(({ headers }) => headers['x-algolia-api-key']);

describe('an operation is an activity of its name', () => {
  const answer = { sources: [], pagination: { nbPages: 1, page: 1, nbItems: 0, itemsPerPage: 10 } };

  test('that runs alone, and returns what Algolia answered', async () => {
    const server = await algolia(answering(answer));
    await startWorker(server.origin);
    expect(await run('listSources', { type: ['json', 'csv'] })).toEqual(answer);
    expect(server.requests).toMatchObject([{ method: 'GET', path: '/1/sources', query: 'type=json%2Ccsv' }]);
  });

  test('that takes nothing for an empty argument, as the web form sends it', async () => {
    const server = await algolia(answering(answer));
    await startWorker(server.origin);
    const options = { taskQueue, startToCloseTimeout: '20s' } as const;
    expect(await client.activity.execute('listSources', { id: randomUUID(), ...options })).toEqual(answer);
    expect(await client.activity.execute('listSources', { id: randomUUID(), ...options, args: [{}] })).toEqual(answer);
  });

  test('that refuses wrong input at once, and sends nothing', async () => {
    const server = await algolia(answering(answer));
    await startWorker(server.origin);
    for (const [name, input] of [
      ['getSource', { sourceID: '..' }],
      ['runTask', {}],
    ] as const) {
      const failure = await failureOf(run(name, input as never));
      expect(failure).toMatchObject({ type: 'AlgoliaInvalid', nonRetryable: true });
      expect(failure.message).toContain('Nothing was sent');
    }
    expect(server.requests).toEqual([]);
  });
});

describe('§12.2: what is worth another attempt gets one', () => {
  test('a 429 waits as long as Retry-After says, not as the policy does', async () => {
    const server = await algolia(
      answering({ message: 'slow down' }, 429, { 'retry-after': '1' }),
      answering({ runID: 'r' }),
    );
    await startWorker(server.origin);
    expect(await run('runTask', { taskID: 't' }, { initialInterval: '1h' })).toEqual({ runID: 'r' });
    expect(server.requests.length).toBe(2);
  });

  test('a 503 of a read is asked again', async () => {
    const server = await algolia(answering({}, 503), reset, answering({ runID: 'r', status: 'created' }));
    await startWorker(server.origin);
    expect(await run('getRun', { runID: 'r' })).toMatchObject({ runID: 'r' });
    expect(server.requests.length).toBe(3);
  });

  test('a refusal is not', async () => {
    const server = await algolia(
      answering({ message: 'no such run', error: { code: 'c' } }, 404, { 'correlation-id': 'x' }),
    );
    await startWorker(server.origin);
    const failure = await failureOf(run('getRun', { runID: 'r' }));
    expect(failure).toMatchObject({
      type: 'AlgoliaInvalid',
      message: 'getRun: answered 404: no such run',
      nonRetryable: true,
      details: [{ operation: 'getRun', status: 404, algoliaMessage: 'no such run', code: 'c', correlationID: 'x' }],
    });
    expect(server.requests.length).toBe(1);
  });
});

describe('a key that is refused', () => {
  const only =
    (key: string): Respond =>
    ({ headers }, response) =>
      headers['x-algolia-api-key'] === key
        ? answerJson(response, { sources: [], runID: 'r' })
        : answerJson(response, { message: 'Invalid Application-ID or API key' }, 403);

  test('is read again, and a newer one tried at once within the attempt', async () => {
    const server = await algolia(only('key-1'), only('key-2'));
    await startWorker(server.origin);
    await run('listSources', {});
    writeFileSync(keyFile, 'key-2');
    expect(await run('runTask', { taskID: 't' }, { maximumAttempts: 1 })).toMatchObject({ runID: 'r' });
    expect(keysOf(server.requests)).toEqual(['key-1', 'key-1', 'key-2']);
  });

  test('without a newer one fails for good, after one request', async () => {
    const server = await algolia(only('key-2'));
    await startWorker(server.origin);
    const failure = await failureOf(run('listSources', {}));
    expect(failure).toMatchObject({ type: 'AlgoliaAuth', nonRetryable: true });
    expect(keysOf(server.requests)).toEqual(['key-1']);
  });

  test('as its successor is, fails for good after two', async () => {
    const server = await algolia(only('key-1'), only('key-3'));
    await startWorker(server.origin);
    await run('listSources', {});
    writeFileSync(keyFile, 'key-2');
    expect((await failureOf(run('listSources', {}))).type).toBe('AlgoliaAuth');
    expect(keysOf(server.requests)).toEqual(['key-1', 'key-1', 'key-2']);
  });
});

describe('§12.3: what may have its effect only once is never sent twice', () => {
  test.each([undefined, '2s'])(
    'when the first attempt timed out without an answer (heartbeat %s)',
    async (heartbeatTimeout) => {
      const server = await algolia(hanging);
      await startWorker(server.origin);
      const timeouts = { startToCloseTimeout: '1s', ...(heartbeatTimeout ? { heartbeatTimeout } : {}) };
      const failure = await failureOf(run('runTask', { taskID: 't' }, timeouts));
      expect(failure).toMatchObject({ type: 'AlgoliaAmbiguous', nonRetryable: true });
      expect(failure.message).toBe('runTask: an earlier attempt may have reached Algolia, so it is not sent again');
      expect(server.requests.length).toBe(1);
    },
  );

  test('when the worker was killed while it waited', async () => {
    const server = await algolia(hanging);
    const killed = spawnWorker({}, [
      'test/activities/activity-worker.ts',
      address,
      namespace,
      taskQueue,
      server.origin.href,
    ]);
    open.unshift(() => killed.end('SIGKILL'));
    const handle = await start(
      'createTask',
      { sourceID: 's', destinationID: 'd', action: 'save' },
      { heartbeatTimeout: '2s' },
    );
    await vi.waitFor(() => expect(server.requests.length).toBe(1), { timeout: 150_000 });
    await killed.end('SIGKILL');
    await startWorker(server.origin);
    expect((await failureOf(handle.result())).type).toBe('AlgoliaAmbiguous');
    expect(keysOf(server.requests)).toEqual(['a-key-of-the-other-process']);
  });

  test.each<[string, Respond]>([
    ['the connection was reset', reset],
    ['a proxy answered', answering({}, 502)],
    ['the answer was empty', (_, response) => response.writeHead(200).end()],
    ['the answer was a redirect', (_, response) => response.writeHead(302, { location: '/' }).end()],
  ])('when %s', async (_, respond) => {
    const server = await algolia(respond);
    await startWorker(server.origin);
    expect(await failureOf(run('push', push))).toMatchObject({ type: 'AlgoliaAmbiguous', nonRetryable: true });
    expect(server.requests.length).toBe(1);
  });

  test('though an idempotent request is', async () => {
    const server = await algolia(hanging, answering({ taskID: 't' }));
    await startWorker(server.origin);
    expect(await run('enableTask', { taskID: 't' }, { startToCloseTimeout: '1s' })).toEqual({ taskID: 't' });
    expect(server.requests.length).toBe(2);
  });
});

describe('§12.3: what was provably not sent may be', () => {
  test.each([undefined, '10s'])('after connections that were refused (heartbeat %s)', async (heartbeatTimeout) => {
    const origin = await closedOrigin();
    await startWorker(origin);
    const handle = await start(
      'runTask',
      { taskID: 't' },
      { maximumAttempts: 50, initialInterval: '200ms', ...(heartbeatTimeout ? { heartbeatTimeout } : {}) },
    );
    await vi.waitFor(async () => expect((await handle.describe()).attempt).toBeGreaterThan(2), { timeout: 150_000 });
    const server = await startServer(answering({ runID: 'r' }), Number(origin.port));
    open.push(() => server.close());
    expect(await handle.result()).toEqual({ runID: 'r' });
    expect(server.requests.length).toBe(1);
  });

  test('but only as long as no attempt in between was', async () => {
    const origin = await closedOrigin();
    await startWorker(origin);
    const handle = await start(
      'runTask',
      { taskID: 't' },
      { maximumAttempts: 50, initialInterval: '200ms', startToCloseTimeout: '1s' },
    );
    await vi.waitFor(async () => expect((await handle.describe()).attempt).toBeGreaterThan(2), { timeout: 150_000 });
    const server = await startServer(hanging, Number(origin.port));
    open.push(() => server.close());
    expect((await failureOf(handle.result())).type).toBe('AlgoliaAmbiguous');
    expect(server.requests.length).toBe(1);
  });
});

describe('an attempt that no longer counts sends nothing', () => {
  /** Holds every attempt before its activity until told, and tells how it ended. */
  function gate() {
    let release: () => void = () => {};
    const released = new Promise<void>((resolve) => (release = resolve));
    const outcomes: Promise<unknown>[] = [];
    const intercept: ActivityInterceptorsFactory = () => ({
      inbound: {
        execute: async (input, next) => {
          const attempt = async () => {
            await released;
            return next(input);
          };
          const outcome = attempt();
          outcomes.push(outcome.catch((error: unknown) => error));
          return outcome;
        },
      },
    });
    return { intercept, outcomes, release };
  }

  test('because its activity was terminated', async () => {
    const server = await algolia(answering({ runID: 'r' }));
    const { intercept, outcomes, release } = gate();
    await startWorker(server.origin, intercept);
    const handle = await start('runTask', { taskID: 't' });
    await vi.waitFor(() => expect(outcomes.length).toBe(1), { timeout: 150_000 });
    await handle.terminate('by the test');
    release();
    expect(await outcomes[0]).toMatchObject({ type: 'AlgoliaUnavailable' });
    expect(server.requests).toEqual([]);
  });

  test('because it timed out before it got to sending', async () => {
    const server = await algolia(answering({ runID: 'r' }));
    const { intercept, outcomes, release } = gate();
    await startWorker(server.origin, intercept);
    const handle = await start('runTask', { taskID: 't' }, { startToCloseTimeout: '1s', maximumAttempts: 1 });
    await expect(handle.result()).rejects.toThrow(ActivityExecutionFailedError);
    release();
    expect(await outcomes[0]).toMatchObject({ type: 'AlgoliaUnavailable' });
    expect(server.requests).toEqual([]);
  });

  test.each([
    ['enableTask', { taskID: 't' }],
    ['copyIndexScopes', { indexName: 'i', destination: 'i_tmp', scopes: ['settings'] }],
    ['deleteIndex', { indexName: 'i_tmp' }],
  ])('of what is the same twice either (%s): what the next one wrote may be undone by now', async (name, input) => {
    const server = await algolia(answering({ taskID: 1, updatedAt: '2026-11-24T00:00:00Z', deletedAt: '' }));
    const { intercept, outcomes, release } = gate();
    await startWorker(server.origin, intercept);
    const handle = await client.activity.start(name, {
      id: randomUUID(),
      taskQueue,
      args: [input],
      startToCloseTimeout: '20s',
    });
    await vi.waitFor(() => expect(outcomes.length).toBe(1), { timeout: 150_000 });
    await handle.terminate('by the test');
    release();
    expect(await outcomes[0]).toMatchObject({ type: 'AlgoliaUnavailable' });
    expect(server.requests).toEqual([]);
  });

  test('because its activity was terminated between what it read and what it makes of it', async () => {
    let handle: ActivityHandle<unknown> | undefined;
    const task = { taskID: 't', sourceID: 's', destinationID: 'd', action: 'save', cron: '0 3 * * *', enabled: true };
    const server = await algolia(async ({ method }, response) => {
      if (method === 'GET') await handle?.terminate('by the test').catch(() => undefined);
      answerJson(response, task);
    });
    const { intercept, outcomes, release } = gate();
    await startWorker(server.origin, intercept);
    handle = await client.activity.start('takeOverCrons', {
      id: randomUUID(),
      taskQueue,
      args: [{ taskIDs: ['t'], sourceIDs: [], clear: true }],
      startToCloseTimeout: '20s',
    });
    await vi.waitFor(() => expect(outcomes.length).toBe(1), { timeout: 150_000 });
    release();
    expect(await outcomes[0]).toMatchObject({ type: 'AlgoliaUnavailable' });
    expect(server.requests.map(({ method }) => method)).toEqual(['GET']);
  });

  test('of a local activity, whose attempts Temporal does not know: it fails for good', async () => {
    const server = await algolia(answering({ taskID: 't', updatedAt: '2026-11-24T00:00:00Z' }));
    const workflowsPath = fileURLToPath(new URL('local-workflow.ts', import.meta.url));
    await startWorker(server.origin, undefined, { workflowsPath });
    const options = { taskQueue, workflowId: randomUUID(), args: ['t'], workflowExecutionTimeout: '60s' } as const;
    const error: unknown = await client.workflow.execute('enableLocally', options).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ cause: { type: 'AlgoliaInvalid', nonRetryable: true } });
    expect(server.requests).toEqual([]);
  });

  test('because its activity was cancelled', async () => {
    const server = await algolia(answering({ runID: 'r' }));
    const { intercept, outcomes, release } = gate();
    await startWorker(server.origin, intercept);
    const handle = await start('runTask', { taskID: 't' });
    await vi.waitFor(() => expect(outcomes.length).toBe(1), { timeout: 150_000 });
    await handle.cancel('by the test');
    release();
    expect(await outcomes[0]).toBeInstanceOf(CancelledFailure);
    expect(server.requests).toEqual([]);
  });
});

test('§12.5: cancelling the activity aborts its request', async () => {
  let closed: Promise<unknown> | undefined;
  const server = await algolia((_, response) => {
    closed = event(response, 'close');
  });
  await startWorker(server.origin);
  const handle = await start('listSources', {}, { heartbeatTimeout: '15s' });
  await vi.waitFor(() => expect(closed).toBeDefined(), { timeout: 150_000 });
  await handle.cancel('by the test');
  await closed;
  await expect(handle.result()).rejects.toMatchObject({ cause: expect.any(CancelledFailure) });
  expect(server.requests.length).toBe(1);
});

describe('§12.12: a delete', () => {
  test('that finds nothing on a retry is done', async () => {
    const server = await algolia(reset, answering({ message: 'not found' }, 404));
    await startWorker(server.origin);
    expect(await run('deleteSource', { sourceID: 's' })).toEqual({});
    expect(server.requests.length).toBe(2);
  });

  test('that finds nothing the first time says so', async () => {
    const server = await algolia(answering({ message: 'not found' }, 404));
    await startWorker(server.origin);
    expect(await failureOf(run('deleteSource', { sourceID: 's' }))).toMatchObject({
      type: 'AlgoliaInvalid',
      details: [{ status: 404 }],
    });
  });
});

describe('§12.6: no credential gets into Temporal', () => {
  const authentication = {
    type: 'basic',
    name: 'n',
    input: { username: 'u', password: { $secret: 'env:SECRET_PASSWORD' } },
  } as const;
  const everythingAbout = async (handle: ActivityHandle<unknown>) =>
    JSON.stringify(
      [
        await handle.describe({ includeInput: true, includeHeartbeatDetails: true, includeLastFailure: true } as never),
        await handle.result().catch((error: unknown) => {
          const { cause } = error as { cause: ApplicationFailure };
          return [cause.message, cause.details, cause.stack, cause.cause];
        }),
      ],
      (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value),
    );

  test.each<[string, Respond]>([
    ['when all goes well', ({ body }, response) => answerJson(response, { authenticationID: 'a', echo: body })],
    [
      'when Algolia repeats it in an error',
      ({ body, headers }, response) =>
        answerJson(response, { message: `${JSON.stringify(body)} by ${String(headers['x-algolia-api-key'])}` }, 400),
    ],
    ['when the answer cannot be read', ({ body }, response) => response.writeHead(200).end(JSON.stringify([body]))],
  ])('%s', async (_, respond) => {
    const server = await algolia(respond);
    await startWorker(server.origin);
    const handle = await start('createAuthentication', authentication, { heartbeatTimeout: '5s' });
    const known = await everythingAbout(handle);
    expect(server.requests[0]?.body).toMatchObject({ input: { password: PASSWORD } });
    for (const spelled of [PASSWORD, 'key-1', Buffer.from(PASSWORD).toString('base64')])
      expect(known).not.toContain(spelled);
  });

  test('when it is not there at all: nothing is sent', async () => {
    const server = await algolia(answering({}));
    await startWorker(server.origin);
    const input = { ...authentication.input, password: { $secret: 'env:SECRET_MISSING' } };
    expect(await failureOf(run('createAuthentication', { ...authentication, input }))).toMatchObject({
      type: 'AlgoliaInvalid',
      nonRetryable: true,
      message: "secret env:SECRET_MISSING: the variable is not set in this worker's environment. Nothing was sent.",
    });
    expect(server.requests).toEqual([]);
  });
});
