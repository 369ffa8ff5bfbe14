import type { WorkflowHandle } from '@temporalio/client';
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startSimulator, type Simulator } from '../../simulator/index.ts';
import {
  connectorPipeline,
  connectorPipelineStatus,
  type ConnectorPipelineInput,
} from '../../src/workflows/connector-pipeline.ts';
import { provisionConnector } from '../../src/workflows/provision-connector.ts';
import { rotateApiKeyId } from '../../src/workflows/rotate-api-key.ts';
import { callAlgolia, inventory, makeConnector, serveRecords, type RecordServer } from '../setup/connector.ts';
import { answer, asked, failureOf } from '../setup/decide.ts';
import { startTestWorker, type TestWorker } from '../setup/start-worker.ts';
import { fastForward } from '../setup/time-skipping.ts';

const NOTHING = { authentications: 0, sources: 0, transformations: 0, destinations: 0, tasks: 0, runs: 0 };

let simulator: Simulator;
let worker: TestWorker;
let records: RecordServer;
let directory: string;

beforeAll(async () => {
  simulator = await startSimulator({ runSpeed: 20 });
  records = await serveRecords();
  directory = mkdtempSync(join(tmpdir(), 'pipeline-'));
  writeFileSync(join(directory, 'policies.yaml'), 'policies: {two: {approvers: [ana, bob, carol], quorum: 2}}');
  worker = await startTestWorker({
    simulator,
    environment: { APPROVAL_POLICIES: join(directory, 'policies.yaml'), SECRET_SHOP: 'shop-password-1' },
  });
});
afterAll(async () => {
  await worker.stop();
  await simulator.stop();
  await records.stop();
  rmSync(directory, { recursive: true });
});

const newName = () => `p-${randomUUID()}`;

function pipelineOf(name: string, changes: Partial<ConnectorPipelineInput> = {}): ConnectorPipelineInput {
  return {
    name,
    authentication: { type: 'basic', input: { username: 'shop', password: { $secret: 'env:SECRET_SHOP' } } },
    source: { type: 'json', input: { url: records.url, uniqueIDColumn: 'objectID' } },
    transformation: {
      type: 'code',
      input: { code: 'async function transform(record) { return { ...record, seen: true }; }' },
    },
    destination: { type: 'search', input: { indexName: name } },
    task: { action: 'replace' },
    requestedBy: 'ana',
    ...changes,
  };
}

const start = (input: ConnectorPipelineInput) =>
  worker.client.workflow.start(connectorPipeline, {
    taskQueue: worker.taskQueue,
    workflowId: `pipeline-${randomUUID()}`,
    args: [input],
  });

const outcomeOf = async (handle: WorkflowHandle) =>
  (await handle.describe()).typedSearchAttributes.get({ name: 'Outcome', type: 'KEYWORD' });

async function taskOf(name: string) {
  const { sources, tasks } = await simulator.control<{ sources: Named[]; tasks: { sourceID: string }[] }>('GET /state');
  return tasks.find(({ sourceID }) => sources.some((source) => source.name === name && source.sourceID === sourceID));
}
type Named = { readonly name: string; readonly sourceID: string };

describe.concurrent('a connector', () => {
  test('is made, approved and synced', async () => {
    const name = newName();
    const handle = await start(pipelineOf(name));
    const { plan } = await asked(handle);
    expect(plan).toMatchObject({
      connector: { name, created: ['authentication', 'source', 'transformation', 'destination', 'task'], adopted: [] },
      run: { onBusy: 'adopt' },
    });
    expect(await inventory(simulator, name)).toMatchObject({ tasks: 1, runs: 0 });
    await answer(handle, 'approve');
    const result = await handle.result();
    expect(result).toMatchObject({
      approval: { decision: 'approved', by: [{ actor: 'bob', comment: 'approve it' }] },
      sync: { verdict: 'success', taskID: result.ids.taskID },
    });
    expect(result).not.toHaveProperty('rotation');
    expect(await simulator.control(`GET /indices/${name}`)).toMatchObject({ count: 25 });
    expect(await handle.query(connectorPipelineStatus)).toMatchObject({ step: 'done', sync: { verdict: 'success' } });
  });

  test('runs by no cron of its own before it is approved', async () => {
    const name = newName();
    const handle = await start(pipelineOf(name, { task: { action: 'replace', cron: '0 3 * * *' } }));
    await asked(handle);
    expect(await taskOf(name)).toMatchObject({ enabled: false, cron: '0 3 * * *' });
    await answer(handle, 'approve');
    expect(await handle.result()).toMatchObject({ sync: { verdict: 'success' } });
    expect(await taskOf(name)).toMatchObject({ enabled: true });
  });

  test('that is adopted is enabled or not as it was, whatever is approved', async () => {
    const name = newName();
    const { taskID, sourceID, destinationID } = await makeConnector(simulator, { url: records.url, name });
    const { authentication: _, transformation: __, ...input } = pipelineOf(name);
    const handle = await start({ ...input, source: { type: 'json', input: { url: records.url } } });
    await asked(handle);
    expect(await taskOf(name)).toMatchObject({ taskID, enabled: true });
    await answer(handle, 'reject');
    expect(await failureOf(handle)).toMatchObject({ type: 'ApprovalDenied' });
    expect(await taskOf(name)).toMatchObject({ taskID, sourceID, destinationID, enabled: true });
  });

  test('takes as many approvals as the policy says', async () => {
    const name = newName();
    const handle = await start(pipelineOf(name, { approval: { policy: 'two' } }));
    for (const approver of ['ana', 'bob', 'Bob', 'mallory']) await answer(handle, 'approve', approver);
    expect(await inventory(simulator, name)).toMatchObject({ runs: 0 });
    await answer(handle, 'approve', 'carol');
    expect((await handle.result()).approval).toMatchObject({
      by: [{ actor: 'bob' }, { actor: 'carol' }],
      refused: [
        { actor: 'ana', why: 'who asked for it may not approve it' },
        { actor: 'Bob', why: 'has approved already, and counts once' },
        { actor: 'mallory', why: "not an approver of the policy 'two'" },
      ],
    });
  });
});

describe.concurrent('nothing of it is left', () => {
  test('when it is rejected', async () => {
    const name = newName();
    const handle = await start(pipelineOf(name));
    await answer(handle, 'reject');
    expect(await failureOf(handle)).toMatchObject({ type: 'ApprovalDenied', details: [{ decision: 'rejected' }] });
    expect(await inventory(simulator, name)).toEqual(NOTHING);
  });

  test('when nobody approves it', async () => {
    const name = newName();
    const handle = await start(pipelineOf(name));
    await asked(handle);
    await fastForward(worker.client, handle.workflowId, '25h');
    expect(await failureOf(handle)).toMatchObject({ type: 'ApprovalDenied', details: [{ decision: 'expired' }] });
    expect(await inventory(simulator, name)).toEqual(NOTHING);
  });

  test('when it is cancelled while it waits', async () => {
    const name = newName();
    const handle = await start(pipelineOf(name));
    await asked(handle);
    await handle.cancel();
    expect((await failureOf(handle)).name).toBe('CancelledFailure');
    expect(await inventory(simulator, name)).toEqual(NOTHING);
    expect(await outcomeOf(handle)).toBe('undone');
  });

  test('when the first sync fails', async () => {
    const name = newName();
    const handle = await start(pipelineOf(name));
    const { plan } = await asked(handle);
    const { taskID } = (plan as { connector: { ids: { taskID: string } } }).connector.ids;
    await simulator.control('POST /runs/script', { taskID, outcome: 'failure', reasonCode: 'critical', durationMs: 0 });
    await answer(handle, 'approve');
    expect(await failureOf(handle)).toMatchObject({
      type: 'SyncFailed',
      message: expect.stringMatching(/^critical: .*What was made is deleted again$/),
    });
    expect(await inventory(simulator, name)).toMatchObject({ ...NOTHING, runs: expect.any(Number) });
  });

  test('but what was there before', async () => {
    const name = newName();
    const { authentication: _, ...rest } = pipelineOf(name);
    await callAlgolia(simulator, 'POST /1/destinations', { type: 'search', name, input: { indexName: name } });
    const handle = await start({ ...rest, source: { type: 'json', input: { url: records.url } } });
    await answer(handle, 'reject');
    await failureOf(handle);
    expect(await inventory(simulator, name)).toEqual({ ...NOTHING, destinations: 1 });
  });

  test('unless it is to be kept', async () => {
    const name = newName();
    const handle = await start(pipelineOf(name, { keepOnFailure: true }));
    await answer(handle, 'reject');
    await failureOf(handle);
    expect(await inventory(simulator, name)).toMatchObject({ tasks: 1 });
    expect(await outcomeOf(handle)).toBe('kept');
  });
});

test.for([
  [{ approval: { policy: 'prod' } }, /no approval policy 'prod'; this worker has two, default/],
  [{ approval: { polciy: 'two' } }, /input.approval.polciy: unknown field/],
  [{ run: { failWorkflow: false } }, /input.run.failWorkflow: unknown field/],
  [{ thenRotate: { toSecret: 'plain-key' } }, /input.thenRotate.toSecret: expected a reference/],
  [{ thenRotate: { toSecret: 'env:SECRET_NEW', requestedBy: 'eve' } }, /input.thenRotate.requestedBy: unknown field/],
])('nothing is made when the input has %j', async ([changes, message]) => {
  const name = newName();
  const handle = await start({ ...pipelineOf(name), ...(changes as object) });
  expect(await failureOf(handle)).toMatchObject({
    type: 'InvalidInput',
    message: expect.stringMatching(message as RegExp),
  });
  expect(await inventory(simulator, name)).toEqual(NOTHING);
});

describe('with a rotation of the API key', () => {
  /** An application of its own, for its key is switched. */
  async function ownApplication() {
    const own = await startSimulator({
      applicationId: `P${randomUUID().slice(0, 8)}`,
      apiKey: 'the-old-ingestion-key',
    });
    const rights = { acl: ['addObject', 'deleteIndex', 'editSettings'] };
    await own.control('POST /keys', { key: 'the-new-ingestion-key', ...rights });
    const secretsDir = mkdtempSync(join(tmpdir(), 'pipeline-secrets-'));
    writeFileSync(join(secretsDir, 'v8'), 'the-new-ingestion-key');
    const ownWorker = await startTestWorker({
      simulator: own,
      environment: { SECRETS_DIR: secretsDir, SECRET_SHOP: 'shop-password-2' },
    });
    const name = newName();
    const handle = await ownWorker.client.workflow.start(connectorPipeline, {
      taskQueue: ownWorker.taskQueue,
      workflowId: `pipeline-${randomUUID()}`,
      args: [pipelineOf(name, { thenRotate: { toSecret: 'file:v8', emergency: true, overlap: '0s', soak: '1s' } })],
    });
    await answer(handle, 'approve');
    const rotation = ownWorker.client.workflow.getHandle(rotateApiKeyId(own.applicationId));
    await expect
      .poll(
        () =>
          rotation.describe().then(
            () => true,
            () => false,
          ),
        { timeout: 150_000 },
      )
      .toBe(true);
    return {
      own,
      name,
      handle,
      rotation,
      stop: async () => {
        await Promise.allSettled([
          ownWorker.client.workflow.getHandle(`algolia-keyring/${own.applicationId}`).terminate(),
        ]);
        await ownWorker.stop();
        await own.stop();
        rmSync(secretsDir, { recursive: true });
      },
    };
  }

  test('the second sync is done with the new key, and who asked for the pipeline cannot approve the rotation', async () => {
    const { handle, rotation, stop } = await ownApplication();
    await answer(rotation, 'approve', 'ana');
    await answer(rotation, 'approve', 'bob');
    const { sync, rotation: rotated, secondSync } = await handle.result();
    expect(rotated).toMatchObject({
      outcome: 'left',
      to: 'file:v8',
      approval: { by: [{ actor: 'bob' }], refused: [{ actor: 'ana', why: 'who asked for it may not approve it' }] },
    });
    expect(secondSync).toMatchObject({ verdict: 'success', keyVersion: 'epoch 1 (file:v8)' });
    expect(secondSync?.runID).not.toBe(sync.runID);
    await stop();
  });

  test('a second sync that fails is told, and the new key stays', async () => {
    const { own, handle, rotation, stop } = await ownApplication();
    const { taskID } = (await handle.query(connectorPipelineStatus)).ids;
    await own.control('POST /runs/script', { taskID, outcome: 'failure', reasonCode: 'critical', durationMs: 0 });
    await answer(rotation, 'approve', 'bob');
    expect(await failureOf(handle)).toMatchObject({ cause: { type: 'SyncFailed' } });
    expect(await outcomeOf(handle)).toBe('second sync failed');
    expect(await rotation.result()).toMatchObject({ outcome: 'left' });
    await stop();
  });

  test('cancelled while the rotation waits, it leaves the connector, and says so', async () => {
    const { own, name, handle, rotation, stop } = await ownApplication();
    await asked(rotation);
    await handle.cancel();
    await failureOf(handle);
    expect(await inventory(own, name)).toMatchObject({ tasks: 1, runs: 1 });
    expect(await outcomeOf(handle)).toBe('cancelled');
    await stop();
  });

  test('a rotation that is rejected leaves the connector, and the old key in use', async () => {
    const { own, name, handle, rotation, stop } = await ownApplication();
    await answer(rotation, 'reject');
    const result = await handle.result();
    expect(result).toMatchObject({ sync: { verdict: 'success' }, rotation: { outcome: 'abandoned' } });
    expect(result).not.toHaveProperty('secondSync');
    expect(await inventory(own, name)).toMatchObject({ tasks: 1, runs: 1 });
    await stop();
  });
});

test('one that fails at the rotation keeps its connector, and says so', async () => {
  const name = newName();
  const handle = await start(pipelineOf(name, { thenRotate: { toSecret: 'env:SECRET_NOT_THERE' } }));
  await answer(handle, 'approve');
  await failureOf(handle);
  expect(await inventory(simulator, name)).toMatchObject({ tasks: 1, runs: 1 });
  expect(await outcomeOf(handle)).toBe('rotation failed');
});

test('one that failed in the same time and does not say how, as those of 0.1, may have made the same', async () => {
  const { client, taskQueue } = worker;
  const name = newName();
  const since = Date.now();
  const { workflowId } = await client.workflow.start('connectorPipeline', {
    taskQueue,
    workflowId: `pipeline-${randomUUID()}`,
    args: [{ name }],
    typedSearchAttributes: [
      { key: defineSearchAttributeKey('AlgoliaAppId', SearchAttributeType.KEYWORD), value: simulator.applicationId },
    ],
  });
  const silent = `WorkflowId = '${workflowId}' AND ExecutionStatus = 'Failed' AND Outcome IS NULL`;
  await expect.poll(async () => (await client.workflow.count(silent)).count, { timeout: 150_000 }).toBe(1);
  const options = { id: randomUUID(), taskQueue, startToCloseTimeout: '60s' } as const;
  const twins = await client.activity.execute('findTwins', { ...options, args: [{ name, since, besides: [] }] });
  expect(twins).toEqual([workflowId]);
});

test('provisionConnector waits for an approval before the first sync, if it is asked to', async () => {
  const name = newName();
  const { run: _run, thenRotate: _thenRotate, ...connector } = pipelineOf(name);
  const input = { ...connector, firstSync: { enabled: true }, approval: {} };
  const options = { taskQueue: worker.taskQueue, workflowId: `provision-${name}`, args: [input] as [typeof input] };
  const handle = await worker.client.workflow.start(provisionConnector, options);
  await asked(handle);
  expect(await inventory(simulator, name)).toMatchObject({ tasks: 1, runs: 0 });
  expect(await taskOf(name)).toMatchObject({ enabled: false });
  await answer(handle, 'approve');
  expect(await handle.result()).toMatchObject({ approval: { decision: 'approved' }, sync: { verdict: 'success' } });
  expect(await taskOf(name)).toMatchObject({ enabled: true });
});
