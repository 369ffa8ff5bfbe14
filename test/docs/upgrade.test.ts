import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { temporal as protocol } from '@temporalio/proto';
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { findTemporalCli } from '../../scripts/temporal-cli.ts';
import { startTemporalServer, type TemporalServer } from '../../scripts/temporal-server.ts';
import { startSimulator, type Simulator } from '../../simulator/index.ts';
import { sharedWorkflows, versionedWorkflowsPath } from '../../src/workflow-bundle.ts';
import * as workflows from '../../src/workflows/versioned.ts';
import { bundleWorkflows } from '../setup/bundle-workflows.ts';
import { answer, asked } from '../setup/decide.ts';
import { makeConnector, serveRecords, type RecordServer } from '../setup/connector.ts';
import { startTestWorker, type TestWorker } from '../setup/start-worker.ts';

/**
 * The server looks at draining versions every three minutes, and a partition of a task queue that has had a few early answers asks
 * for the current version again only after up to half of a long poll of five minutes: a test has no time for either.
 */
const QUICK_VERSIONS = {
  'matching.wv.VersionDrainageStatusVisibilityGracePeriod': '1s',
  'matching.wv.VersionDrainageStatusRefreshInterval': '1s',
  'matching.getUserDataLongPollTimeout': '10s',
  'matching.numTaskqueueReadPartitions': 1,
  'matching.numTaskqueueWritePartitions': 1,
};
const DEPLOYMENT = 'algolia-ingestion';
const TASK_QUEUE = `upgrade-${randomUUID()}`;
const soon = { timeout: 150_000, interval: 100 };

const page = await readFile('docs/upgrade.md', 'utf8');
const commands = [...page.matchAll(/^temporal (.*)$/gm)].map(([, command]) => command as string);
/** Each command of the page is run where the page says it is. */
const told = new Set(commands);

let temporal: TemporalServer;
let simulator: Simulator;
let records: RecordServer;
let connection: Connection;
let client: Client;
let secretsDir: string;
let workflowBundle: { readonly codePath: string };
const workers = new Map<string, TestWorker>();

beforeAll(async () => {
  secretsDir = await mkdtemp(join(tmpdir(), 'upgrade-'));
  [workflowBundle, temporal, simulator, records] = await Promise.all([
    bundleWorkflows(sharedWorkflows({ path: versionedWorkflowsPath })),
    startTemporalServer({ ui: false, extraDynamicConfig: QUICK_VERSIONS }),
    startSimulator({ applicationId: `UPGRADE${randomUUID().slice(0, 8)}` }),
    serveRecords(),
  ]);
  connection = await Connection.connect({ address: temporal.address });
  client = new Client({ connection });
});
afterAll(async () => {
  for (const worker of workers.values()) await worker.stop();
  await connection?.close();
  await Promise.all([temporal?.stop(), simulator?.stop(), records?.stop()]);
  await rm(secretsDir, { recursive: true, force: true });
});

async function startVersion(
  buildId: string | undefined,
  {
    deployment = DEPLOYMENT,
    taskQueue = TASK_QUEUE,
    application = simulator,
  }: { deployment?: string; taskQueue?: string; application?: Simulator } = {},
): Promise<TestWorker> {
  const version = buildId === undefined ? {} : { DEPLOYMENT_NAME: deployment, BUILD_ID: buildId };
  const worker = await startTestWorker({
    simulator: application,
    environment: {
      TEMPORAL_ADDRESS: temporal.address,
      TASK_QUEUE: taskQueue,
      SECRETS_DIR: secretsDir,
      SECRET_ALGOLIA_ADMIN_KEY: application.adminKey,
      SHUTDOWN_GRACE: '5s',
      ...version,
    },
    ...(buildId === undefined ? {} : { overrides: { workflowBundle } }),
  });
  workers.set(taskQueue === TASK_QUEUE ? (buildId ?? 'none') : `${deployment} ${buildId}`, worker);
  return worker;
}

async function stopVersion(buildId: string): Promise<void> {
  await workers.get(buildId)?.stop();
  workers.delete(buildId);
}

const shell = promisify(execFile);

/** Runs the page's command that begins so, as it stands there, until the server knows what it is about. */
function follow(beginning: string): Promise<string> {
  const command = commands.find((one) => one.startsWith(beginning));
  if (command === undefined) throw new Error(`docs/upgrade.md has no command 'temporal ${beginning}'`);
  told.delete(command);
  return run(command);
}

async function run(command: string): Promise<string> {
  const env = { HOME: tmpdir(), PATH: dirname(await findTemporalCli()), TEMPORAL_ADDRESS: temporal.address };
  return vi.waitFor(async () => (await shell('/bin/sh', ['-c', `temporal ${command}`], { env })).stdout, soon);
}

const start = <T extends keyof typeof workflows>(workflowType: T, input: object, workflowId: string = randomUUID()) =>
  client.workflow.start(workflowType, { workflowId, taskQueue: TASK_QUEUE, args: [input] });

/** The versions that have worked on a workflow, one after the other. */
async function versionsOf(handle: WorkflowHandle): Promise<string[]> {
  const { events = [] } = await handle.fetchHistory();
  const all = (events ?? []).flatMap(({ workflowTaskCompletedEventAttributes: completed }) =>
    completed ? [completed.deploymentVersion?.buildId ?? 'none'] : [],
  );
  return all.filter((version, place) => version !== all[place - 1]);
}

const deletion = async () => {
  const { taskID } = await makeConnector(simulator);
  return { operation: 'deleteTask', params: { taskID }, confirm: 'deleteTask' };
};
const anySync = async () => ({ taskID: (await makeConnector(simulator, { url: records.url })).taskID });
/** A run that ends when it is told to. */
async function heldSync() {
  const { taskID } = await makeConnector(simulator, { url: records.url });
  await simulator.control('POST /runs/script', { taskID, durationMs: 3_600_000 });
  const handle = await start('syncTask', { taskID });
  const runID = await vi.waitFor(async () => {
    const { runID: followed } = await handle.query<{ runID?: string }>('status');
    expect(followed).toBeDefined();
    return followed;
  }, soon);
  return { handle, finish: () => simulator.control(`POST /runs/${runID}/finish`, {}) };
}

test('the page says of every workflow what it says of itself', () => {
  const rows = page.split('\n').filter((line) => /^\| .*\| `/.test(line));
  const said = (type: string) => {
    const row = rows.findIndex((line) => line.includes(`\`${type}\``));
    return row === -1 ? 'nothing' : row === 0 ? 'PINNED' : 'AUTO_UPGRADE';
  };
  const behaviours = Object.entries(workflows).map(([type, workflow]) => [
    type,
    (workflow as { workflowDefinitionOptions?: { versioningBehavior?: string } }).workflowDefinitionOptions
      ?.versioningBehavior,
  ]);
  expect(behaviours).toEqual(Object.keys(workflows).map((type) => [type, said(type)]));
});

/** Until the task queue has been told, which has one partition here: elsewhere a workflow may begin at one that was not. */
const isCurrent = (buildId: string | undefined) =>
  vi.waitFor(async () => {
    const { TASK_QUEUE_TYPE_WORKFLOW, TASK_QUEUE_TYPE_ACTIVITY } = protocol.api.enums.v1.TaskQueueType;
    for (const taskQueueType of [TASK_QUEUE_TYPE_WORKFLOW, TASK_QUEUE_TYPE_ACTIVITY]) {
      const { versioningInfo } = await client.workflowService.describeTaskQueue({
        namespace: client.options.namespace,
        taskQueue: { name: TASK_QUEUE },
        taskQueueType,
      });
      expect(versioningInfo?.currentDeploymentVersion?.buildId).toBe(buildId);
    }
  }, soon);

// One story, as the page tells it.
test('the upgrade of docs/upgrade.md, with work under way on both versions', { timeout: 300_000 }, async () => {
  // A worker without a version, then the first that has one.
  await startVersion(undefined);
  const fromBefore = await start('callOperation', await deletion());
  await asked(fromBefore);
  await startVersion('0.1.0');
  expect(await follow('worker deployment describe')).toContain('0.1.0');
  await follow('worker deployment set-current-version --deployment-name algolia-ingestion --build-id 0.1.0');
  await isCurrent('0.1.0');
  await answer(fromBefore, 'approve');
  await fromBefore.result();
  expect(await versionsOf(fromBefore)).toEqual(['none', '0.1.0']);
  await stopVersion('none');

  // Work for 0.1.0: two syncs, which are pinned, and an approval, which isn't.
  const [first, second] = [await heldSync(), await heldSync()];
  const waiting = await start('callOperation', await deletion());
  await asked(waiting);

  await startVersion('0.2.0');
  await follow('worker deployment set-ramping-version');
  await follow("workflow list --query \"TemporalWorkerDeploymentVersion = 'algolia-ingestion:0.2.0'");
  await follow('worker deployment set-current-version --deployment-name algolia-ingestion --build-id 0.2.0');
  await isCurrent('0.2.0');
  expect(await follow('worker deployment describe-version')).toMatch(/draining/i);

  const begun = await start('syncTask', await anySync());
  expect(await begun.result()).toMatchObject({ verdict: 'success' });
  expect(await versionsOf(begun)).toEqual(['0.2.0']);
  await answer(waiting, 'approve');
  await waiting.result();
  expect(await versionsOf(waiting)).toEqual(['0.1.0', '0.2.0']);
  await first.finish();
  expect(await first.handle.result()).toMatchObject({ verdict: 'success' });
  expect(await versionsOf(first.handle)).toEqual(['0.1.0']);

  const standalone = await client.activity.start('listTasks', {
    id: randomUUID(),
    taskQueue: TASK_QUEUE,
    args: [{}],
    scheduleToCloseTimeout: '30s',
  });
  await standalone.result();
  expect((await standalone.describe()).lastWorkerIdentity).toBe(workers.get('0.2.0')?.worker.options.identity);

  // What is left on the old version is moved.
  await vi.waitFor(
    async () =>
      expect(
        await follow("workflow list --query \"TemporalWorkerDeploymentVersion = 'algolia-ingestion:0.1.0'"),
      ).toContain(second.handle.workflowId),
    soon,
  );
  await follow('workflow update-options');
  await vi.waitFor(async () => expect(await follow('worker deployment describe-version')).toMatch(/drained/i), {
    ...soon,
    timeout: 150_000,
  });
  await second.handle.signal('pollNow');
  await second.finish();
  expect(await second.handle.result()).toMatchObject({ verdict: 'success' });
  expect(await versionsOf(second.handle)).toEqual(['0.1.0', '0.2.0']);

  // Back again, and on without versions.
  const between = await start('callOperation', await deletion());
  await asked(between);
  commands.splice(0, commands.findIndex((one) => one.includes('--build-id 0.2.0 --yes')) + 1);
  await follow('worker deployment set-current-version --deployment-name algolia-ingestion --build-id 0.1.0');
  await isCurrent('0.1.0');
  const again = await start('syncTask', await anySync());
  await again.result();
  expect(await versionsOf(again)).toEqual(['0.1.0']);
  await answer(between, 'approve');
  await between.result();
  expect(await versionsOf(between)).toEqual(['0.2.0', '0.1.0']);
  await startVersion(undefined);
  await follow('worker deployment set-current-version --deployment-name algolia-ingestion --unversioned');
  await isCurrent(undefined);
  const last = await start('syncTask', await anySync());
  await last.result();
  expect(await versionsOf(last)).toEqual(['none']);
  expect([...told]).toEqual([]);
});

test('a key is not revoked before the workers of every version have the new one', { timeout: 120_000 }, async () => {
  const application = await startSimulator({ applicationId: `ROTATE${randomUUID().slice(0, 8)}` });
  const other = { deployment: 'rotating', taskQueue: `rotate-${randomUUID()}`, application };
  for (const version of ['1', '2']) await startVersion(version, other);
  await run(`worker deployment set-current-version --deployment-name ${other.deployment} --build-id 1 --yes`);
  await writeFile(join(secretsDir, 'v8'), 'the-next-key');
  await application.control('POST /keys', { key: 'the-next-key' });
  const rotation = await client.workflow.start('rotateApiKey', {
    workflowId: `algolia-rotate/${application.applicationId}`,
    taskQueue: other.taskQueue,
    args: [{ toSecret: 'file:v8', emergency: true, overlap: '0s', soak: '1s', revoke: 'delete' }],
  });
  await answer(rotation, 'approve');
  expect(await rotation.result()).toMatchObject({ outcome: 'revoked', workers: { acked: 2, forced: 0 } });
  await application.stop();
});
