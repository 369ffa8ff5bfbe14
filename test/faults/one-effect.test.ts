import { Client, Connection } from '@temporalio/client';
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { startSimulator, type Simulator } from '../../simulator/index.ts';
import { provisionConnector, type ProvisionConnectorInput } from '../../src/workflows/provision-connector.ts';
import { syncTask } from '../../src/workflows/sync-task.ts';
import { inventory, makeConnector, serveRecords, type RecordServer } from '../setup/connector.ts';
import { spawnWorker, type SpawnedWorker } from '../setup/spawn-worker.ts';
import { startTestWorker, workerEnvironment, type TestWorker } from '../setup/start-worker.ts';
import { withTimeSkipping } from '../setup/time-skipping.ts';

/** Most of the time of these tests is waiting. */
vi.setConfig({ maxConcurrency: 24, testTimeout: 300_000 });

const SECRETS = { SECRET_SHOP: 'correct-horse-battery' };
const ONE_OF_EACH = { authentications: 1, sources: 1, transformations: 1, destinations: 1, tasks: 1, runs: 1 };
const NOTHING = { authentications: 0, sources: 0, transformations: 0, destinations: 0, tasks: 0, runs: 0 };
const ONCE = [
  'createAuthentication',
  'createSource',
  'createTransformation',
  'createDestination',
  'createTask',
  'runTask',
] as const;

let simulator: Simulator;
let records: RecordServer;
let connection: Connection;
let client: Client;

beforeAll(async () => {
  const { address, namespace } = inject('temporal');
  [simulator, records, connection] = await Promise.all([
    startSimulator({ runSpeed: 10, quotas: false }),
    serveRecords(),
    Connection.connect({ address }),
  ]);
  client = new Client({ connection, namespace });
});
afterAll(async () => {
  await Promise.all([connection.close(), simulator.stop(), records.stop()]);
});

interface Case {
  readonly name: string;
  readonly input: ProvisionConnectorInput;
  /** What tells a request of this case from those of others. */
  readonly match: (operation: string) => object;
}

let cases = 0;
function newCase(changes: Partial<ProvisionConnectorInput> = {}): Case {
  const name = `one-${randomUUID()}`;
  const runMetadata = { of: name };
  const failureThreshold = (cases += 1);
  const input: ProvisionConnectorInput = {
    name,
    authentication: { type: 'basic', input: { username: 'shop', password: { $secret: 'env:SECRET_SHOP' } } },
    source: { type: 'json', input: { url: records.url } },
    transformation: {
      type: 'code',
      input: { code: `async function transform(record) { return { ...record, of: '${name}' }; }` },
      tryOn: [{ of: name }],
    },
    destination: { type: 'search', input: { indexName: name } },
    task: { action: 'replace', failureThreshold },
    firstSync: { enabled: true, runMetadata },
    ...changes,
  };
  const match = (operation: string) => {
    if (operation === 'createTask') return { failureThreshold };
    if (operation === 'runTask') return { runMetadata };
    return operation === 'tryTransformation' ? { sampleRecord: { of: name } } : { name };
  };
  return { name, input, match };
}

const start = (taskQueue: string, { input }: Case, by = client) =>
  by.workflow.start(provisionConnector, { taskQueue, workflowId: randomUUID(), args: [input] });
const fault = (operation: string, kind: string, more: object = {}) =>
  simulator.control<{ id: number }>('POST /faults', { operation, kind, ...more });
/** Waits until this fault has been met. */
const met = (id: number) =>
  vi.waitFor(() => expect(simulator.world.faults.list().find((one) => one.id === id)?.hits).toBe(1), {
    timeout: 120_000,
    interval: 20,
  });

describe('an answer that gets lost makes no second thing', () => {
  let worker: TestWorker;
  beforeAll(async () => {
    worker = await startTestWorker({ simulator, environment: SECRETS });
  });
  afterAll(() => worker.stop());

  const losses = [
    { how: 'the connection drops', kind: 'loseAnswer', more: {} },
    { how: 'a proxy answers 500', kind: 'status', more: { status: 500, perform: true } },
    { how: 'the answer ends half way', kind: 'truncate', more: {} },
  ];
  test.concurrent.for(ONCE.flatMap((operation) => losses.map((loss) => ({ operation, ...loss }))))(
    '$operation when $how',
    async ({ operation, kind, more }) => {
      const one = newCase();
      const { id } = await fault(operation, kind, { ...more, match: one.match(operation) });
      const result = await (await start(worker.taskQueue, one)).result();
      await met(id);
      expect(result.created).toEqual(['authentication', 'source', 'transformation', 'destination', 'task']);
      expect(result.sync).toMatchObject({ verdict: 'success', adopted: operation === 'runTask' });
      expect(await inventory(simulator, one.name)).toEqual(ONE_OF_EACH);
    },
  );

  test.concurrent('several answers in one workflow', async () => {
    const one = newCase();
    for (const operation of ONCE) await fault(operation, 'loseAnswer', { match: one.match(operation) });
    await (await start(worker.taskQueue, one)).result();
    expect(await inventory(simulator, one.name)).toEqual(ONE_OF_EACH);
  });

  test.concurrent('a request that never arrived is sent again once nothing has appeared for a minute', async () => {
    const one = newCase();
    for (const operation of ['createSource', 'runTask'])
      await fault(operation, 'reset', { match: one.match(operation) });
    const result = await (await start(worker.taskQueue, one, withTimeSkipping(client))).result();
    expect(result.sync).toMatchObject({ verdict: 'success', adopted: false });
    expect(await inventory(simulator, one.name)).toEqual(ONE_OF_EACH);
  });

  test.concurrent('a request that is refused for a while is sent until it is not', async () => {
    const one = newCase();
    await fault('createSource', 'status', {
      status: 429,
      headers: { 'retry-after': '1' },
      times: 2,
      match: one.match('createSource'),
    });
    await fault('runTask', 'status', { status: 429, headers: { 'retry-after': '1' }, match: one.match('runTask') });
    await (await start(worker.taskQueue, one)).result();
    expect(await inventory(simulator, one.name)).toEqual(ONE_OF_EACH);
  });
});

describe.concurrent('a worker that is killed and started again makes no second thing', () => {
  const spawn = (taskQueue: string) => spawnWorker({ ...workerEnvironment(simulator, taskQueue), ...SECRETS });

  test('wherever it was killed', async () => {
    const taskQueue = `killed-${randomUUID()}`;
    // Each of these is at another point when the kill comes: its request is under way, and takes effect after it.
    const points = [...ONCE, 'validateSource', 'tryTransformation'];
    const underWay = await Promise.all(
      points.map(async (operation) => {
        const one = newCase();
        const { id } = await fault(operation, 'slow', { ms: 8_000, match: one.match(operation) });
        return { one, id, handle: await start(taskQueue, one) };
      }),
    );
    // Two requests never take effect. Looking for one takes a minute, which is skipped.
    const inVain = await Promise.all(
      ['createSource', 'runTask'].map(async (operation) => {
        const one = newCase();
        const { id } = await fault(operation, 'hang', { match: one.match(operation) });
        return { one, id, handle: await start(taskQueue, one, withTimeSkipping(client)) };
      }),
    );
    const polled = await makeConnector(simulator);
    await simulator.control('POST /runs/script', { taskID: polled.taskID, neverFinish: true });
    const polling = await client.workflow.start(syncTask, {
      taskQueue,
      workflowId: randomUUID(),
      args: [{ taskID: polled.taskID }],
    });
    const undone = newCase();
    await fault('createTask', 'status', { status: 400, match: undone.match('createTask') });
    const deleting = await fault('deleteTransformation', 'slow', { ms: 8_000 });
    const undoing = await start(taskQueue, undone);

    const first = spawn(taskQueue);
    await Promise.all([
      ...[...underWay, ...inVain].map(({ id }) => met(id)),
      met(deleting.id),
      vi.waitFor(() => expect(runsOf(polled.taskID)).toHaveLength(1), { timeout: 120_000, interval: 20 }),
    ]);
    await first.end('SIGKILL');
    const second = spawn(taskQueue);
    try {
      const [run] = runsOf(polled.taskID);
      await simulator.control(`POST /runs/${run?.runID}/finish`, {});
      for (const { one, handle } of [...underWay, ...inVain]) {
        expect((await handle.result()).sync).toMatchObject({ verdict: 'success' });
        expect(await inventory(simulator, one.name)).toEqual(ONE_OF_EACH);
      }
      await expect(undoing.result()).rejects.toThrow('Workflow execution failed');
      expect(await inventory(simulator, undone.name)).toEqual(NOTHING);
      expect(await polling.result()).toMatchObject({ verdict: 'success', runID: run?.runID });
      expect(runsOf(polled.taskID)).toHaveLength(1);
    } finally {
      await second.end('SIGKILL');
    }
  });

  test.for([{ seed: 1 }, { seed: 20_261_124 }])('whenever it was killed (seed $seed)', async ({ seed }) => {
    const taskQueue = `killed-${randomUUID()}`;
    const random = randomFrom(seed);
    const underWay = await Promise.all(
      Array.from({ length: 6 }, async () => {
        const one = newCase();
        // Most of the time some request is under way then.
        for (const operation of ONCE) await fault(operation, 'slow', { ms: 500, match: one.match(operation) });
        return { one, handle: await start(taskQueue, one, withTimeSkipping(client)) };
      }),
    );
    let worker: SpawnedWorker | undefined;
    for (let kill = 1; kill <= 3; kill += 1) {
      const before = ourRequests(underWay);
      worker = spawn(taskQueue);
      // One that waits for a timeout of its predecessor's has nothing to send: it is killed all the same.
      for (let waited = 0; waited < 8_000 && ourRequests(underWay) === before; waited += 20) await delay(20);
      await delay(random() * 1_500);
      await worker.end('SIGKILL');
    }
    worker = spawn(taskQueue);
    try {
      for (const { one, handle } of underWay) {
        expect((await handle.result()).sync).toMatchObject({ verdict: 'success' });
        expect(await inventory(simulator, one.name)).toEqual(ONE_OF_EACH);
      }
    } finally {
      await worker.end('SIGKILL');
    }
  });

  const runsOf = (taskID: string) => simulator.world.runs.by('taskID', taskID);
  const ourRequests = (underWay: readonly { one: Case }[]) =>
    simulator.world.requests
      .list({})
      .filter(({ body }) => underWay.some(({ one }) => (body as { name?: string } | undefined)?.name === one.name))
      .length;
});

/** The same numbers for the same seed (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
