import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Simulator } from '../../simulator/index.ts';
import type { Manifest } from '../../src/manifest/manifest.ts';
import type { Plan } from '../../src/manifest/plan.ts';
import {
  applyManifest,
  applyManifestId,
  applyManifestStatus,
  type ApplyManifestInput,
} from '../../src/workflows/apply-manifest.ts';
import { callAlgolia, makeConnector } from '../setup/connector.ts';
import { answer, asked, failureOf } from '../setup/decide.ts';
import { makeEveryKind, type EveryKind } from '../setup/every-kind.ts';
import { makeIndex } from '../setup/indices.ts';
import {
  exportedBy,
  lastSeq,
  makeReadable,
  startApplication,
  withEntry,
  withoutPins,
  withSecrets,
  writesSince,
} from '../setup/manifests.ts';
import { startTestWorker, type TestWorker } from '../setup/start-worker.ts';
import { fastForward } from '../setup/time-skipping.ts';

const SECRETS = { SECRET_ANY: 'battery-staple' };

let simulator: Simulator;
let worker: TestWorker;

beforeEach(async () => {
  simulator = await startApplication();
  worker = await startTestWorker({ simulator, environment: SECRETS });
});
afterEach(async () => {
  await worker.stop();
  await simulator.stop();
});

const start = (input: ApplyManifestInput, workflowId = applyManifestId(simulator.applicationId)) =>
  worker.client.workflow.start(applyManifest, { taskQueue: worker.taskQueue, workflowId, args: [input] });

/** Applies what must be approved, and is. */
async function applied(input: ApplyManifestInput) {
  const handle = await start(input);
  await answer(handle, 'approve');
  return handle.result();
}

const planOf = async (handle: Parameters<typeof asked>[0]) => (await asked(handle)).plan as Plan;

describe('an application with one of everything', () => {
  let made: EveryKind;
  let manifest: Manifest;
  let before: number;
  beforeEach(async () => {
    made = await makeEveryKind(simulator);
    manifest = await exportedBy(worker);
    before = lastSeq(simulator);
  });

  test('applies its own manifest as nothing, and asks nobody', async () => {
    const result = await (await start({ manifest, prune: true })).result();
    expect(result).toMatchObject({
      outcome: 'unchanged',
      counts: { create: 0, update: 0, replace: 0, delete: 0, unchanged: 32 },
      made: [],
      notes: [],
    });
    expect(writesSince(simulator, before)).toEqual([]);
  });

  test('is changed in exactly the three places that the manifest is', async () => {
    await makeReadable(simulator, ['json']);
    const changed = withEntry(
      withEntry(manifest, 'tasks', 'source json → found', { cron: '0 5 * * *' }),
      'destinations',
      'seen',
      { input: { indexName: 'events-2' } },
    );
    const sources = [...(manifest.sources ?? []), { name: 'new', type: 'json', input: { url: 'https://a.example/' } }];
    const handle = await start({ manifest: { ...changed, sources }, requestedBy: 'ana' });
    const plan = await planOf(handle);
    expect(plan.counts).toEqual({ create: 1, update: 2, replace: 0, delete: 0, unchanged: 30 });
    expect(plan.steps).toEqual([
      {
        change: 'create',
        kind: 'source',
        place: 'sources[10]',
        name: 'new',
        body: { name: 'new', type: 'json', input: { url: 'https://a.example/' } },
      },
      {
        change: 'update',
        kind: 'destination',
        place: 'destinations[1]',
        name: 'seen',
        id: made.destinations[1],
        differences: [{ field: 'input.indexName', is: 'events', wanted: 'events-2' }],
        body: { input: { indexName: 'events-2' } },
      },
      {
        change: 'update',
        kind: 'task',
        place: 'tasks[7]',
        name: 'source json → found, replace',
        id: made.tasks.json,
        differences: [{ field: 'cron', is: '0 3 * * *', wanted: '0 5 * * *' }],
        body: { cron: '0 5 * * *' },
      },
    ]);
    expect(writesSince(simulator, before)).toEqual([]);
    await answer(handle, 'approve');
    const result = await handle.result();
    expect(result).toMatchObject({ outcome: 'applied', approval: { decision: 'approved', by: [{ actor: 'bob' }] } });
    expect(result.made.map(({ change, kind, name }) => `${change} ${kind} ${name}`)).toEqual([
      'create source new',
      'update destination seen',
      'update task source json → found, replace',
    ]);
    expect(writesSince(simulator, before)).toEqual(['createSource', 'updateDestination', 'updateTask']);
    expect(await (await start({ manifest: { ...changed, sources } })).result()).toMatchObject({ outcome: 'unchanged' });
  });

  test('is changed whatever the kind, and a source only after Algolia could read it as it will be', async () => {
    await makeReadable(simulator, ['json']);
    const changed = (
      [
        ['authentications', 'auth basic', { name: 'renamed' }],
        ['sources', 'source json', { input: { url: 'https://b.example/', uniqueIDColumn: 'sku' } }],
        ['transformations', 'by code', { description: 'adds something' }],
        ['tasks', 'source json → found', { cron: '0 5 * * *' }],
      ] as const
    ).reduce((sofar, [section, name, change]) => withEntry(sofar, section, name, change), manifest);
    const withName = (changed.sources ?? []).map((source) =>
      source.authentication === 'auth basic' ? { ...source, authentication: 'renamed' } : source,
    );
    await applied({ manifest: { ...changed, sources: withName } });
    expect(writesSince(simulator, before)).toEqual([
      'updateAuthentication',
      'updateSource',
      'updateTransformation',
      'updateTask',
    ]);
    const sent = simulator.world.requests.list({ after: before }).map(({ operation }) => operation);
    expect(sent.indexOf('validateSourceBeforeUpdate')).toBeGreaterThan(-1);
    expect(sent.indexOf('validateSourceBeforeUpdate')).toBeLessThan(sent.indexOf('updateAuthentication'));
  });

  test('is left as it is when the plan is rejected', async () => {
    const handle = await start({
      manifest: withEntry(manifest, 'destinations', 'seen', { input: { indexName: 'x' } }),
    });
    await answer(handle, 'reject');
    expect(await failureOf(handle)).toMatchObject({ type: 'ApprovalDenied' });
    expect(writesSince(simulator, before)).toEqual([]);
    expect(await exportedBy(worker)).toEqual(manifest);
  });

  test('loses neither the cursor nor what the manifest leaves to others when a task is replaced as a whole', async () => {
    const without = (manifest.tasks ?? []).map(({ cron, policies: _policies, ...task }) =>
      task.taskID === made.tasks.json ? task : { ...task, ...(cron === undefined ? {} : { cron }) },
    );
    const handle = await start({ manifest: { ...manifest, tasks: without } });
    expect((await planOf(handle)).steps).toMatchObject([
      { change: 'update', whole: true, differences: [{ field: 'cron', is: '0 3 * * *', wanted: null }] },
    ]);
    await answer(handle, 'approve');
    await handle.result();
    expect(writesSince(simulator, before)).toEqual(['replaceTask']);
    const task = await callAlgolia<Record<string, unknown>>(simulator, `GET /2/tasks/${made.tasks.json}`);
    expect(task).toMatchObject({
      cursor: '2026-01-01T00:00:00Z',
      failureThreshold: 5,
      policies: { criticalThreshold: 3 },
      notifications: { email: { enabled: true } },
      enabled: true,
    });
    expect(task).not.toHaveProperty('cron');
  });

  test('is made again in an empty application, in an order that works, each once though every answer is lost', async () => {
    const whole = withSecrets(withoutPins(manifest), 'env:SECRET_ANY');
    const other = await startApplication({ indexTaskMs: 0 });
    const there = await startTestWorker({ simulator: other, environment: SECRETS });
    try {
      await makeReadable(other, [
        'bigcommerce',
        'bigquery',
        'commercetools',
        'csv',
        'docker',
        'ga4BigqueryExport',
        'json',
        'shopify',
      ]);
      makeIndex(other, 'products', { count: 1 });
      const creates = ['Authentication', 'Source', 'Transformation', 'Destination', 'Task'].map(
        (kind) => `create${kind}`,
      );
      for (const operation of creates) await other.control('POST /faults', { operation, kind: 'loseAnswer', times: 2 });
      const handle = await there.client.workflow.start(applyManifest, {
        taskQueue: there.taskQueue,
        workflowId: applyManifestId(other.applicationId),
        args: [{ manifest: whole }],
      });
      await answer(handle, 'approve');
      expect(await handle.result()).toMatchObject({ outcome: 'applied', counts: { create: 32 } });
      expect(withSecrets(withoutPins(await exportedBy(there)), 'env:SECRET_ANY')).toEqual(whole);
      const { counts } = await other.control<{ counts: Record<string, number> }>('GET /requests');
      expect(creates.map((operation) => counts[operation])).toEqual([7, 10, 3, 2, 10]);
    } finally {
      await there.stop();
      await other.stop();
    }
  });
});

const destinationsNamed = (...names: string[]) =>
  names.map((name) => ({ name, type: 'search', input: { indexName: name } }));
const named = () => simulator.world.destinations.values().map(({ name }) => name);

describe('a manifest that is applied', () => {
  test('stops where something fails, says how far it came, and goes on from there when it is applied again', async () => {
    const manifest = { destinations: destinationsNamed('a', 'b', 'c') };
    const refusal = {
      operation: 'createDestination',
      kind: 'status',
      status: 400,
      message: 'no room',
      match: { name: 'b' },
    };
    await simulator.control('POST /faults', refusal);
    const handle = await start({ manifest });
    await answer(handle, 'approve');
    expect(await failureOf(handle)).toMatchObject({
      type: 'AlgoliaInvalid',
      message: expect.stringMatching(
        /no room.*1 of 3 changes were made\. It stopped at: create destination b\. Apply it again to go on$/,
      ),
      details: [
        { status: 400 },
        {
          made: [{ change: 'create', kind: 'destination', name: 'a' }],
          notMade: ['create destination b', 'create destination c'],
        },
      ],
    });
    expect(await handle.query(applyManifestStatus)).toMatchObject({
      done: 1,
      total: 3,
      notMade: ['create destination b', 'create destination c'],
    });
    expect(await applied({ manifest })).toMatchObject({ counts: { create: 2, unchanged: 1 } });
    expect(named()).toEqual(['a', 'b', 'c']);
  });

  test('asks again when something has changed while people thought, and is refused when only the plan that was seen will do', async () => {
    const manifest = { destinations: destinationsNamed('a', 'b') };
    const handle = await start({ manifest });
    const { planHash, plan } = await asked(handle);
    expect((plan as Plan).counts.create).toBe(2);
    await callAlgolia(simulator, 'POST /1/destinations', destinationsNamed('a')[0]);
    await handle.signal('approve', { approver: 'bob', planHash });
    await expect
      .poll(async () => (await planOf(handle)).counts, { timeout: 150_000 })
      .toMatchObject({ create: 1, unchanged: 1 });
    const { currentDetails } = await handle.query<{ currentDetails: string }, []>('__temporal_workflow_metadata');
    expect(currentDetails).toContain('1 to create, 1 unchanged');
    expect(currentDetails).not.toContain(String(planHash));
    expect(named()).toEqual(['a']);
    const again = await answer(handle, 'approve');
    expect(again.title).toMatch(/^1 change of the connectors/);
    expect(await handle.result()).toMatchObject({ counts: { create: 1 } });
    expect(named()).toEqual(['a', 'b']);

    const more = { destinations: destinationsNamed('a', 'b', 'c') };
    expect(
      await failureOf(await start({ manifest: more, ...(planHash === undefined ? {} : { planHash }) })),
    ).toMatchObject({
      type: 'PlanChanged',
      message: expect.stringContaining('Nothing was changed'),
    });
    expect(named()).toEqual(['a', 'b']);
  });

  test('asks nobody for nothing when somebody else has made all of it meanwhile', async () => {
    const handle = await start({ manifest: { destinations: destinationsNamed('a') } });
    const { planHash } = await asked(handle);
    await callAlgolia(simulator, 'POST /1/destinations', destinationsNamed('a')[0]);
    await handle.signal('approve', { approver: 'bob', planHash });
    expect(await handle.result()).toMatchObject({ counts: { create: 0, unchanged: 1 }, made: [] });
    expect(named()).toEqual(['a']);
  });

  test('tells what was asked for and does not show in the end', async () => {
    const { destinationID } = await makeConnector(simulator, { name: 'kept' });
    const manifest = { destinations: [{ name: 'kept', type: 'search', input: { indexName: 'other' } }] };
    const body = { destinationID, updatedAt: '2026-01-01T00:00:00Z' };
    await simulator.control('POST /faults', { operation: 'updateDestination', kind: 'status', status: 200, body });
    const handle = await start({ manifest });
    await answer(handle, 'approve');
    await expect.poll(() => handle.query(applyManifestStatus), { timeout: 150_000 }).toMatchObject({ done: 1 });
    await fastForward(worker.client, handle.workflowId, '1m');
    expect(await failureOf(handle)).toMatchObject({
      type: 'NotAsDeclared',
      message: expect.stringContaining('1 of them do not show: update destination kept'),
    });
  });

  test('deletes what its sections do not mention only when told to prune, the last that is needed last', async () => {
    const kept = await makeConnector(simulator, { name: 'kept' });
    const gone = await makeConnector(simulator, { name: 'gone' });
    const all = await exportedBy(worker);
    const manifest: Manifest = {
      sources: (all.sources ?? []).filter(({ name }) => name === 'kept'),
      destinations: (all.destinations ?? []).filter(({ name }) => name === 'kept'),
      tasks: (all.tasks ?? []).filter(({ source }) => source === 'kept'),
    };
    expect(await (await start({ manifest })).result()).toMatchObject({ outcome: 'unchanged' });
    const { tasks: _, ...withoutTasks } = manifest;
    expect(await failureOf(await start({ manifest: withoutTasks, prune: true }))).toMatchObject({
      type: 'InvalidInput',
      message: expect.stringContaining(`source gone (${gone.sourceID}) can't be deleted: task gone → gone, replace`),
    });
    const before = lastSeq(simulator);
    expect(await applied({ manifest, prune: true })).toMatchObject({ counts: { delete: 3, unchanged: 3 } });
    expect(writesSince(simulator, before)).toEqual(['deleteTask', 'deleteDestination', 'deleteSource']);
    expect(simulator.world.tasks.values().map(({ taskID }) => taskID)).toEqual([kept.taskID]);
  });

  test('makes anew what can not be changed only when told to prune, and ends what was interrupted', async () => {
    await makeReadable(simulator, ['csv', 'json']);
    const old = await makeConnector(simulator, { name: 'shop' });
    const manifest = withEntry(await exportedBy(worker), 'sources', 'shop', { type: 'csv' });
    expect(await failureOf(await start({ manifest }))).toMatchObject({
      type: 'InvalidInput',
      message: expect.stringContaining(`sources[0].type can't be changed (json → csv): give it another name, or prune`),
    });
    await simulator.control('POST /faults', { operation: 'createTask', kind: 'status', status: 400 });
    const before = lastSeq(simulator);
    const interrupted = await start({ manifest, prune: true });
    expect((await planOf(interrupted)).counts).toMatchObject({ replace: 2, create: 0, delete: 0 });
    await answer(interrupted, 'approve');
    expect(await failureOf(interrupted)).toMatchObject({ type: 'AlgoliaInvalid' });
    await applied({ manifest, prune: true });
    expect(writesSince(simulator, before)).toEqual([
      'createSource',
      'createTask',
      'createTask',
      'deleteTask',
      'deleteSource',
    ]);
    const [source, ...others] = simulator.world.sources.values();
    const [task, ...otherTasks] = simulator.world.tasks.values();
    expect([...others, ...otherTasks]).toEqual([]);
    expect(source).toMatchObject({ name: 'shop', type: 'csv' });
    expect(task).toMatchObject({ sourceID: source?.sourceID, destinationID: old.destinationID });
    expect(await (await start({ manifest, prune: true })).result()).toMatchObject({ outcome: 'unchanged' });
  });

  test('is read page by page', async () => {
    for (let made = 0; made < 230; made += 1)
      await callAlgolia(simulator, 'POST /1/destinations', destinationsNamed(`d${made}`)[0]);
    const manifest = await exportedBy(worker);
    expect(manifest.destinations?.map(({ name }) => name)).toEqual(
      Array.from({ length: 230 }, (_, place) => `d${place}`),
    );
    expect(await (await start({ manifest, prune: true })).result()).toMatchObject({ counts: { unchanged: 230 } });
  });

  test('asks whether a source can be read before anybody is asked to approve it', async () => {
    const manifest = { sources: [{ name: 'nowhere', type: 'json', input: { url: 'http://127.0.0.1:9/' } }] };
    expect(await failureOf(await start({ manifest }))).toMatchObject({ type: 'ValidationFailed' });
    expect(simulator.world.sources.values()).toEqual([]);
  });

  test('is one at a time, whatever its id is', async () => {
    const manifest = { destinations: destinationsNamed('a') };
    const first = await start({ manifest }, `apply-${randomUUID()}`);
    const lock = worker.client.workflow.getHandle(applyManifestId(simulator.applicationId));
    await expect
      .poll(() => first.query(applyManifestStatus), { timeout: 150_000 })
      .toMatchObject({
        workflowId: lock.workflowId,
      });
    await asked(lock);
    expect(await failureOf(await start({ manifest }, `apply-${randomUUID()}`))).toMatchObject({ type: 'ApplyBusy' });
    await answer(lock, 'approve');
    expect(await first.result()).toMatchObject({ outcome: 'applied' });
  });

  test.each([
    [
      { sources: [{ name: 'a', type: 'json', input: { url: 'x', urll: 'y' } }] },
      'input.manifest.sources[0].input.urll: unknown field',
    ],
    [{ source: [] }, 'input.manifest.source: unknown field'],
    [
      { authentications: [{ name: 'a', type: 'apiKey', input: { key: 'in the clear' } }] },
      'input.manifest.authentications[0].input.key: a credential may not stand here in the clear',
    ],
    [{ applicationId: 'OTHER' }, 'input.manifest.applicationId: the manifest is of OTHER, and this worker serves'],
    [
      { tasks: [{ source: 'a', destination: 'b', action: 'replace' }] },
      "input.manifest.tasks[0].source: there is no source named 'a', neither in the manifest nor at Algolia",
    ],
    [
      { destinations: [{ name: 'a', type: 'search', input: { indexName: 'x'.repeat(1_300_000) } }] },
      'MB fit through Temporal',
    ],
  ])('is refused where it is wrong: %#', async (manifest, message) => {
    const before = lastSeq(simulator);
    expect(await failureOf(await start({ manifest: manifest as Manifest }))).toMatchObject({
      type: 'InvalidInput',
      message: expect.stringContaining(message),
    });
    expect(writesSince(simulator, before)).toEqual([]);
  });
});
