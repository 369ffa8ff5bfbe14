import type { WorkflowHandle } from '@temporalio/client';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startSimulator, type Simulator } from '../../simulator/index.ts';
import {
  provisionConnector,
  provisionConnectorStatus,
  type ProvisionConnectorInput,
} from '../../src/workflows/provision-connector.ts';
import { callAlgolia, inventory, makeConnector, serveRecords, type RecordServer } from '../setup/connector.ts';
import { formsOf, historiesOf, textOf } from '../setup/histories.ts';
import { hold } from '../setup/hold.ts';
import { startTestWorker, type TestWorker } from '../setup/start-worker.ts';
import { withTimeSkipping } from '../setup/time-skipping.ts';
import { untouchedApplication } from '../setup/untouched-application.ts';

/** Most of the time of these tests is waiting. */
vi.setConfig({ maxConcurrency: 16 });

const PASSWORD = 'pa55/w0rd+with "quotes" & ümlauts';
const NOTHING = { authentications: 0, sources: 0, transformations: 0, destinations: 0, tasks: 0, runs: 0 };
const ONE_OF_EACH = { authentications: 1, sources: 1, transformations: 1, destinations: 1, tasks: 1 };
const CREATES = [
  'createAuthentication',
  'createSource',
  'createTransformation',
  'createDestination',
  'createTask',
] as const;

let simulator: Simulator;
let worker: TestWorker;
let records: RecordServer;

beforeAll(async () => {
  simulator = await startSimulator({ runSpeed: 20 });
  records = await serveRecords();
  worker = await startTestWorker({ simulator, environment: { SECRET_SHOP: PASSWORD } });
});
afterAll(async () => {
  await worker.stop();
  await simulator.stop();
  await records.stop();
});

const newName = () => `c-${randomUUID()}`;

function connector(name: string, changes: Partial<ProvisionConnectorInput> = {}): ProvisionConnectorInput {
  return {
    name,
    authentication: { type: 'basic', input: { username: 'shop', password: { $secret: 'env:SECRET_SHOP' } } },
    source: { type: 'json', input: { url: records.url, uniqueIDColumn: 'objectID' } },
    transformation: {
      type: 'code',
      input: { code: 'async function transform(record) { return { ...record, seen: true }; }' },
      tryOn: [{ objectID: '1', title: 'One' }],
    },
    destination: { type: 'search', input: { indexName: name } },
    task: { action: 'replace' },
    ...changes,
  };
}

const start = (input: ProvisionConnectorInput, { client, taskQueue } = worker) =>
  client.workflow.start(provisionConnector, { taskQueue, workflowId: randomUUID(), args: [input] });

type Handle = WorkflowHandle<typeof provisionConnector>;

async function failureOf(handle: Handle) {
  const error = await handle.result().then(
    () => expect.unreachable('the workflow should have failed'),
    (reason: unknown) => reason as Error & { cause: Error & { type?: string; cause?: Error & { type?: string } } },
  );
  const { cause } = error;
  return cause.type === undefined && cause.cause ? cause.cause : cause;
}

const fault = (operation: string, kind: string, more: object = {}) =>
  simulator.control('POST /faults', { operation, kind, ...more });
/** How many such requests were about this connector; a task has no name, but a source that has. */
const created = (name: string, operation: string) =>
  simulator.world.requests.list({ operation }).filter(({ body }) => {
    const about = body as { name?: string; sourceID?: string } | undefined;
    return (about?.name ?? simulator.world.sources.get(about?.sourceID ?? '')?.name) === name;
  }).length;
/** Waits until a request of the operation about this connector has come in. */
const underWay = (name: string, operation: string) =>
  vi.waitFor(() => expect(created(name, operation)).toBeGreaterThan(0), { timeout: 150_000, interval: 20 });

describe.concurrent('a connector', () => {
  test('is made whole, synced for the first time, and told of', async () => {
    const name = newName();
    const handle = await start(connector(name, { firstSync: { enabled: true, maxFailures: 3 } }));
    const result = await handle.result();
    expect(result).toMatchObject({
      created: ['authentication', 'source', 'transformation', 'destination', 'task'],
      adopted: [],
      validation: { samples: 10 },
      sync: { verdict: 'success', taskID: result.ids.taskID, adopted: false },
    });
    expect(await inventory(simulator, name)).toEqual({ ...ONE_OF_EACH, runs: 1 });
    const index = await simulator.control<{ count: number; records: object[] }>(`GET /indices/${name}`);
    expect(index.count).toBe(25);
    expect(index.records[0]).toMatchObject({ seen: true });
    expect(await handle.query(provisionConnectorStatus)).toMatchObject({ name, step: 'done', ids: result.ids });
    const { currentDetails } = await handle.query<{ currentDetails: string }>('__temporal_workflow_metadata');
    expect(currentDetails).toContain(result.ids.taskID);
  });

  test('is made without the parts that are not asked for', async () => {
    const name = newName();
    const { authentication: _, transformation: __, ...rest } = connector(name);
    const result = await (await start(rest)).result();
    expect(result.created).toEqual(['source', 'destination', 'task']);
    expect(Object.keys(result.ids).toSorted()).toEqual(['destinationID', 'sourceID', 'taskID']);
    expect(result).not.toHaveProperty('sync');
    expect(await inventory(simulator, name)).toEqual({ ...NOTHING, sources: 1, destinations: 1, tasks: 1 });
  });

  test('that exists is adopted, part by part', async () => {
    const name = newName();
    const first = await (await start(connector(name))).result();
    const second = await (await start(connector(name))).result();
    expect(second).toMatchObject({ ids: first.ids, created: [], adopted: first.created });
    expect(await inventory(simulator, name)).toEqual({ ...ONE_OF_EACH, runs: 0 });
  });

  test('of which one part exists is completed around it', async () => {
    const name = newName();
    await callAlgolia(simulator, 'POST /1/destinations', { type: 'search', name, input: { indexName: name } });
    const result = await (await start(connector(name))).result();
    expect(result.adopted).toEqual(['destination']);
    expect(await inventory(simulator, name)).toEqual({ ...ONE_OF_EACH, runs: 0 });
  });

  test('of which one part exists fails if asked to, and keeps only that part', async () => {
    const name = newName();
    await callAlgolia(simulator, 'POST /1/destinations', { type: 'search', name, input: { indexName: name } });
    const failure = await failureOf(await start(connector(name, { ifExists: 'fail' })));
    expect(failure).toMatchObject({ type: 'AlreadyExists' });
    expect(failure.message).toMatch(new RegExp(`^destination '${name}': exists already .*ifExists is "fail"`));
    expect(await inventory(simulator, name)).toEqual({ ...NOTHING, destinations: 1 });
  });

  test('that exists is adopted as it is, and where it is not as the input says is told', async () => {
    const name = newName();
    await (await start(connector(name))).result();
    const other = connector(name);
    const changed = { ...other, task: { ...other.task, failureThreshold: 7, enabled: false } };
    const result = await (await start(changed)).result();
    expect(result.differs).toContain('task: enabled');
    const same = await (await start(connector(name))).result();
    expect(same.differs).toEqual([]);
  });

  test('that two make at the same time is made by one of them, and the other takes back what it made', async () => {
    const name = newName();
    const creates = hold(simulator, 'createAuthentication', { times: 2, match: { name } });
    const twins = await Promise.all([start(connector(name)), start(connector(name))]);
    await creates.met();
    creates.release();
    const outcomes = await Promise.allSettled(twins.map((twin) => twin.result()));
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    const loser = twins[outcomes.findIndex(({ status }) => status === 'rejected')];
    expect(await failureOf(loser as (typeof twins)[0])).toMatchObject({
      type: 'AlreadyExists',
      message: expect.stringContaining('somebody else made one'),
    });
    expect(await inventory(simulator, name)).toEqual({ ...ONE_OF_EACH, runs: 0 });
  });

  test('of which two parts have the name adopts neither', async () => {
    const name = newName();
    const ids = [];
    for (let made = 0; made < 2; made += 1)
      ids.push(
        (await callAlgolia(simulator, 'POST /1/sources', { type: 'json', name, input: { url: records.url } })).sourceID,
      );
    const failure = await failureOf(await start(connector(name)));
    expect(failure.message).toContain(`2 of them exist (${ids.join(', ')})`);
    expect(await inventory(simulator, name)).toEqual({ ...NOTHING, sources: 2 });
  });

  test('of which a part of the name is of another type does not adopt it', async () => {
    const name = newName();
    await callAlgolia(simulator, 'POST /1/sources', { type: 'csv', name, input: { url: records.url } });
    const failure = await failureOf(await start(connector(name)));
    expect(failure.message).toContain('is of type csv and not json');
    expect(await inventory(simulator, name)).toEqual({ ...NOTHING, sources: 1 });
  });
});

describe.concurrent('what goes wrong is undone:', () => {
  test('a source that cannot be reached', async () => {
    const name = newName();
    const source = { type: 'json', input: { url: 'http://127.0.0.1:9/' } } as const;
    const handle = await start(connector(name, { source }));
    const failure = await failureOf(handle);
    expect(failure).toMatchObject({ type: 'ValidationFailed' });
    expect(failure.message).toContain('the source is unreachable');
    expect(created(name, 'createSource')).toBe(0);
    expect(await inventory(simulator, name)).toEqual(NOTHING);
    expect((await handle.query(provisionConnectorStatus)).step).toContain('undone, because: the source is not valid');
  });

  test('a transformation that fails on a sample', async () => {
    const name = newName();
    const code = 'async function transform(record) { return record.title.toUpperCase(); }';
    const transformation = { type: 'code', input: { code }, tryOn: [{ title: 'One' }, { objectID: '2' }] } as const;
    const failure = await failureOf(
      await start(connector(name, { transformation: { ...transformation, tryOn: [...transformation.tryOn] } })),
    );
    expect(failure).toMatchObject({ type: 'ValidationFailed' });
    expect(failure.message).toContain('the transformation failed on a sample record: ');
    expect(await inventory(simulator, name)).toEqual(NOTHING);
  });

  test('a part that Algolia refuses', async () => {
    const name = newName();
    await fault('createDestination', 'status', { status: 422, message: 'no such index', match: { name } });
    const failure = await failureOf(await start(connector(name)));
    expect(failure).toMatchObject({
      type: 'AlgoliaInvalid',
      message: 'createDestination: answered 422: no such index. What was made is deleted again',
    });
    expect(await inventory(simulator, name)).toEqual(NOTHING);
  });

  test('a first sync that fails', async () => {
    const name = newName();
    await simulator.control('POST /records/fail', { indexName: name, every: 1, times: -1 });
    const failure = await failureOf(await start(connector(name, { firstSync: { enabled: true } })));
    expect(failure).toMatchObject({
      type: 'SyncFailed',
      message: expect.stringContaining('partial: 25 of 25 records failed'),
    });
    expect(await inventory(simulator, name)).toEqual(NOTHING);
  });

  test('unless it is to be kept', async () => {
    const name = newName();
    await simulator.control('POST /records/fail', { indexName: name, every: 1, times: -1 });
    const handle = await start(connector(name, { firstSync: { enabled: true }, keepOnFailure: true }));
    await failureOf(handle);
    expect(await inventory(simulator, name)).toEqual({ ...ONE_OF_EACH, runs: 1 });
    expect((await handle.query(provisionConnectorStatus)).step).toContain('kept what was made');
  });

  test('and what cannot be undone is named', async () => {
    const name = newName();
    const source = { type: 'json', input: { url: records.url } } as const;
    const handle = await start(connector(name, { source, firstSync: { enabled: true, noProgressFor: '5s' } }));
    // Somebody builds on the new source before the first sync has failed.
    await simulator.control('POST /records/fail', { indexName: name, every: 1, times: -1 });
    const { sourceID } = await vi.waitFor(
      async () => {
        const { ids } = await handle.query(provisionConnectorStatus);
        expect(ids.sourceID).toBeDefined();
        return ids as { sourceID: string };
      },
      { timeout: 150_000, interval: 20 },
    );
    const other = await makeConnector(simulator);
    await callAlgolia(simulator, 'POST /2/tasks', { sourceID, destinationID: other.destinationID, action: 'save' });
    const failure = await failureOf(handle);
    expect(failure.message).toMatch(new RegExp(`Not undone: source ${sourceID}: deleteSource: answered 4\\d\\d`));
    expect(await inventory(simulator, name)).toMatchObject({ sources: 1, destinations: 0, tasks: 1 });
    const { typedSearchAttributes } = await handle.describe();
    expect(typedSearchAttributes.get({ name: 'Outcome', type: 'KEYWORD' })).toBe('not undone');
  });

  test('a delete whose answer is lost, or that is refused for a while', async () => {
    const name = newName();
    await fault('createTask', 'status', { status: 400, times: 1, match: { action: 'append' } });
    await fault('deleteDestination', 'loseAnswer');
    await fault('deleteTransformation', 'status', { status: 503, times: 2 });
    await failureOf(await start(connector(name, { task: { action: 'append' } })));
    expect(await inventory(simulator, name)).toEqual(NOTHING);
  });
});

describe.concurrent('after a create that got no answer, what may be somebody else’s stays:', () => {
  const sources = (name: string) => simulator.world.sources.values().filter((source) => source.name === name);
  /** Fails after its source, of whose create it hears nothing. */
  async function failing(name: string, kind: 'reset' | 'loseAnswer', client = worker.client) {
    await fault('createSource', kind, { match: { name } });
    const code = 'async function transform(record) { return record.title.toUpperCase(); }';
    const { authentication: _, ...rest } = connector(name);
    const transformation = { type: 'code', input: { code }, tryOn: [{ objectID: '1' }] } as const;
    const handle = await start(
      { ...rest, transformation: { ...transformation, tryOn: [...transformation.tryOn] } },
      { ...worker, client },
    );
    await underWay(name, 'createSource');
    return handle;
  }

  test("a twin's", async () => {
    const name = newName();
    await fault('createDestination', 'slow', { ms: 8_000, match: { name } });
    const handle = await failing(name, 'reset');
    const { authentication: _, transformation: __, ...rest } = connector(name);
    const twin = await start(rest);
    const failure = await failureOf(handle);
    const { ids } = await twin.result();
    expect(failure).toMatchObject({ type: 'ValidationFailed' });
    expect(failure.message).toContain(`Not undone: source ${ids.sourceID}: left as it may be somebody else's`);
    expect(failure.message).toContain(`it may be of ${twin.workflowId}`);
    expect(await inventory(simulator, name)).toEqual({ ...NOTHING, sources: 1, destinations: 1, tasks: 1 });
  });

  test('one that is other than it should be', async () => {
    const name = newName();
    const handle = await failing(name, 'reset');
    const { sourceID } = await callAlgolia(simulator, 'POST /1/sources', {
      type: 'json',
      name,
      input: { url: 'http://x/' },
    });
    const failure = await failureOf(handle);
    expect(failure.message).toContain(
      `(${sourceID}): its create got no answer, and it is not as this run would have made it: `,
    );
    expect(sources(name)).toHaveLength(1);
  });

  test('two of which nobody knows whose is which', async () => {
    const name = newName();
    const looks = hold(simulator, 'listSources', { applies: () => sources(name).length === 1, times: Infinity });
    const handle = await failing(name, 'loseAnswer', withTimeSkipping(worker.client));
    const { sourceID } = await callAlgolia(simulator, 'POST /1/sources', { ...connector(name).source, name });
    looks.release();
    const failure = await failureOf(handle);
    expect(failure).toMatchObject({ type: 'AlreadyExists' });
    expect(failure.message).toMatch(
      new RegExp(`2 of them have appeared .*${sourceID}.*Not undone: source .*there are 2`),
    );
    expect(sources(name)).toHaveLength(2);
  });

  test('while its own is deleted, also when it is tried again', async () => {
    const name = newName();
    for (const _ of ['a run', 'another'])
      expect((await failureOf(await failing(name, 'loseAnswer'))).message).toMatch(/deleted again$/);
    expect(await inventory(simulator, name)).toEqual(NOTHING);
  });

  test('while the task of its own source is deleted, whatever else is made meanwhile', async () => {
    const [name, other] = [newName(), newName()];
    const create = hold(simulator, 'createDestination', { match: { name: other } });
    const bystander = await start(connector(other));
    await create.met();
    const task = { action: 'replace', cron: '5 4 3 2 1' } as const;
    await fault('createTask', 'loseAnswer', { match: { cron: task.cron } });
    const handle = await start(connector(name, { task }));
    await underWay(name, 'createTask');
    await handle.cancel();
    await expect(handle.result()).rejects.toThrow('cancelled');
    expect((await bystander.describe()).status.name).toBe('RUNNING');
    expect(await inventory(simulator, name)).toEqual(NOTHING);
    create.release();
    await bystander.result();
  });
});

describe.concurrent('cancelling leaves nothing behind', () => {
  test.for(CREATES)('while %s is under way', async (operation) => {
    const name = newName();
    // A cron that no other test's task has tells this one's.
    const task = { action: 'replace', cron: '1 2 3 4 5' } as const;
    const create = hold(simulator, operation, { match: operation === 'createTask' ? { cron: task.cron } : { name } });
    const handle = await start(connector(name, { task }));
    await create.met();
    await handle.cancel();
    create.release();
    await expect(handle.result()).rejects.toThrow('cancelled');
    expect((await handle.describe()).status.name).toBe('CANCELLED');
    expect(await inventory(simulator, name)).toEqual(NOTHING);
  });

  test('while the effect of a create whose answer was lost is looked for', async () => {
    const name = newName();
    await fault('createSource', 'loseAnswer', { match: { name } });
    const handle = await start(connector(name));
    await underWay(name, 'createSource');
    await handle.cancel();
    await expect(handle.result()).rejects.toThrow('cancelled');
    expect(await inventory(simulator, name)).toEqual(NOTHING);
  });

  test('while it syncs for the first time', async () => {
    const name = newName();
    const handle = await start(
      connector(name, { source: { type: 'json', input: { url: records.url } }, firstSync: { enabled: true } }),
    );
    await vi.waitFor(
      async () => expect((await handle.query(provisionConnectorStatus)).step).toContain('syncing for the first time'),
      { timeout: 150_000, interval: 20 },
    );
    await handle.cancel();
    await expect(handle.result()).rejects.toThrow('cancelled');
    expect(await inventory(simulator, name)).toEqual(NOTHING);
  });

  test('unless it is to be kept', async () => {
    const name = newName();
    const create = hold(simulator, 'createDestination', { match: { name } });
    const handle = await start(connector(name, { keepOnFailure: true }));
    await create.met();
    await handle.cancel();
    create.release();
    await expect(handle.result()).rejects.toThrow('cancelled');
    expect(await inventory(simulator, name)).toEqual({ ...ONE_OF_EACH, tasks: 0, runs: 0 });
  });
});

describe.concurrent('an outage of the API', () => {
  test('in the middle is waited out, and nothing is made twice', async () => {
    const ailing = await startSimulator({ runSpeed: 20 });
    const itsWorker = await startTestWorker({ simulator: ailing, environment: { SECRET_SHOP: PASSWORD } });
    try {
      const name = newName();
      const create = hold(ailing, 'createTransformation');
      const handle = await start(connector(name), itsWorker);
      await create.met();
      await ailing.control('POST /outage', { ms: 3_000 });
      create.release();
      expect((await handle.result()).created).toHaveLength(5);
      expect(await inventory(ailing, name)).toEqual({ ...ONE_OF_EACH, runs: 0 });
    } finally {
      await itsWorker.stop();
      await ailing.stop();
    }
  });

  test('while what was made is deleted again is waited out', async () => {
    const ailing = await startSimulator({ runSpeed: 20 });
    const itsWorker = await startTestWorker({ simulator: ailing, environment: { SECRET_SHOP: PASSWORD } });
    try {
      const name = newName();
      await ailing.control('POST /faults', { operation: 'createTask', kind: 'status', status: 400 });
      const deletion = hold(ailing, 'deleteTransformation');
      const handle = await start(connector(name), itsWorker);
      await deletion.met();
      await ailing.control('POST /outage', { ms: 3_000 });
      deletion.release();
      expect(await failureOf(handle)).toMatchObject({ type: 'AlgoliaInvalid' });
      expect(await inventory(ailing, name)).toEqual(NOTHING);
    } finally {
      await itsWorker.stop();
      await ailing.stop();
    }
  });
});

test('a credential that Algolia repeats in a refusal is not repeated by us', async () => {
  const name = newName();
  await fault('createAuthentication', 'status', {
    status: 400,
    message: `the password ${PASSWORD} is weak`,
    match: { name },
  });
  const failure = await failureOf(await start(connector(name)));
  expect(failure.message).toBe('createAuthentication: answered 400: the password [secret] is weak');
});

describe('an input that is wrong is refused before anything is sent:', () => {
  const untouched = untouchedApplication();

  test.for([
    {
      what: 'an unknown field deep down',
      input: { source: { type: 'json', input: { url: 'http://x/', urls: [] } } },
      message: /^input\.source\.input\.urls: unknown field/,
    },
    { what: 'a missing part', input: { destination: undefined }, message: /^input\.destination: expected an object/ },
    {
      what: 'a wrong type',
      input: { task: { action: 'replace', failureThreshold: '10' } },
      message:
        /^input\.task\.failureThreshold: expected int, received string|^input\.task\.failureThreshold: expected number, received string/,
    },
    {
      what: 'a password in the clear',
      input: { authentication: { type: 'basic', input: { username: 'shop', password: 'hunter2hunter2' } } },
      message:
        /^input\.authentication\.input\.password: a credential may not stand here in the clear: write \{"\$secret"/,
    },
    {
      what: 'a part the workflow fills in',
      input: { source: { type: 'push', name: 'x' } },
      message: /^input\.source\.name: unknown field/,
    },
    { what: 'a list for an object', input: { source: [] }, message: /^input\.source: expected an object/ },
    {
      what: 'two authentications',
      input: { source: { type: 'json', input: { url: 'http://x/' }, authenticationID: 'a1' } },
      message: /^input\.source\.authenticationID: give either authentication/,
    },
  ])('$what', async ({ input, message }) => {
    const failure = await failureOf(await start({ ...connector('bad'), ...input } as never, untouched.worker));
    expect(failure).toMatchObject({ type: 'InvalidInput', message: expect.stringMatching(message) });
    expect(failure.message).not.toContain('hunter2');
    expect(failure.message).toMatch(/Nothing was sent\.$/);
    expect(untouched.requests()).toEqual([]);
  });
});

test('no history of all these holds a credential, in whatever form', async () => {
  const histories = await historiesOf(worker.client, worker.taskQueue);
  expect(histories.size).toBeGreaterThan(20);
  for (const [workflowId, history] of histories) {
    const text = textOf(history);
    for (const form of [...formsOf(PASSWORD), ...formsOf(simulator.apiKey)])
      expect(text.includes(form), `${workflowId} holds a secret as ${form}`).toBe(false);
  }
});
