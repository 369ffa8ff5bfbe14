import { Client, Connection } from '@temporalio/client';
import { randomUUID } from 'node:crypto';
import { expect, inject, vi } from 'vitest';
import { startSimulator, type Simulator } from '../../simulator/index.ts';
import { CONFIGURED, firstRing, keyRingId, type KeyRingState } from '../../src/secrets/key-ring-state.ts';
import { callAlgolia, makeConnector, serveRecords, type RecordServer } from '../setup/connector.ts';
import { answer, asked } from '../setup/decide.ts';
import { freeAddress } from '../setup/free-address.ts';
import { makePushConnector } from '../setup/indices.ts';
import { spawnWorker, type SpawnedWorker } from '../setup/spawn-worker.ts';
import { workerEnvironment } from '../setup/start-worker.ts';
import { readScrape, type Metric } from './read-scrape.ts';

export interface WorkingWorker {
  readonly client: Client;
  readonly taskQueue: string;
  readonly simulator: Simulator;
  readonly records: RecordServer;
  readonly process: SpawnedWorker;
  readonly run: (type: string, input: object) => Promise<unknown>;
  readonly start: (type: string, input: object) => ReturnType<Client['workflow']['start']>;
  readonly scrape: () => Promise<Map<string, Metric>>;
  readonly stop: () => Promise<void>;
}

/** A worker in a process of its own, as metrics are one set per process, that serves them. */
export async function startWorkingWorker({ buildId }: { buildId?: string } = {}): Promise<WorkingWorker> {
  const taskQueue = `metrics-${randomUUID()}`;
  const [simulator, records, metrics] = await Promise.all([
    startSimulator({ runSpeed: 20, applicationId: `METRICS${randomUUID().slice(0, 8)}` }),
    serveRecords(),
    freeAddress(),
  ]);
  const { address, namespace } = inject('temporal');
  const client = new Client({ connection: await Connection.connect({ address }), namespace });
  const process = spawnWorker({
    ...workerEnvironment(simulator, taskQueue),
    METRICS_ADDRESS: metrics,
    ...(buildId ? { DEPLOYMENT_NAME: 'test', BUILD_ID: buildId } : {}),
  });
  if (buildId) await makeCurrent(client, buildId);
  const start = (type: string, input: object) =>
    client.workflow.start(type, { taskQueue, workflowId: `${type}-${randomUUID()}`, args: [input] });
  return {
    client,
    taskQueue,
    simulator,
    records,
    process,
    start,
    run: async (type, input) => (await start(type, input)).result(),
    scrape: async () => readScrape(await (await fetch(`http://${metrics}/metrics`)).text()),
    async stop() {
      await process.end('SIGKILL');
      await Promise.all([simulator.stop(), records.stop(), client.connection.close()]);
    },
  };
}

/** A versioned worker is given work once its version is the current one, and that needs it to poll. */
async function makeCurrent({ workflowService, options: { namespace } }: Client, buildId: string): Promise<void> {
  const version = { namespace, deploymentName: 'test', buildId };
  await vi.waitFor(() => workflowService.setWorkerDeploymentCurrentVersion(version), {
    timeout: 150_000,
    interval: 100,
  });
}

/** Something of everything that is counted, a workflow task that fails, and an approval that waits until it was seen to. */
export async function doSomeOfEverything({ client, taskQueue, simulator, records, ...worker }: WorkingWorker) {
  const change = {
    epoch: 1,
    from: 'file:old',
    to: CONFIGURED,
    by: 'a test',
    at: new Date(Date.now() - 3_600_000).toISOString(),
  };
  const ring: KeyRingState = { ...firstRing, epoch: 1, changes: [change] };
  await client.workflow.start('keyRing', {
    workflowId: keyRingId(simulator.applicationId),
    taskQueue,
    args: [ring],
  });
  const { taskID, sourceID } = await makeConnector(simulator, { url: records.url });
  await worker.run('syncTask', { taskID });
  await callAlgolia(simulator, `PUT /2/tasks/${taskID}/disable`);
  await worker.run('syncTask', { taskID, failWorkflow: false });
  await expect(worker.run('callOperation', { operation: 'getTask', params: { taskID: 'unknown' } })).rejects.toThrow(
    'failed',
  );
  await simulator.control('POST /faults', { operation: 'listTasks', kind: 'reset' });
  await worker.run('callOperation', { operation: 'listTasks' });
  await makePushConnector(simulator, 'pushed');
  const products = Array.from({ length: 30 }, (_, n) => ({ objectID: `p${n}` }));
  const objects = products.slice(0, 3);
  await client.activity.execute('chunkedPush', {
    id: randomUUID(),
    taskQueue,
    args: [{ indexName: 'pushed', objects }],
    startToCloseTimeout: '30s',
  });
  await worker.run('pushRecords', { indexName: 'pushed', action: 'addObject', records: products });

  const unknown = await worker.start('notAWorkflow', {});
  await vi.waitFor(
    async () => expect([...(await worker.scrape()).keys()]).toContain('temporal_workflow_task_execution_failed_total'),
    { timeout: 150_000, interval: 200 },
  );
  await unknown.terminate();
  await callAlgolia(simulator, `DELETE /2/tasks/${taskID}`);
  const params = { sourceID };
  const deletion = await worker.start('callOperation', { operation: 'deleteSource', params, confirm: 'deleteSource' });
  await asked(deletion);
  await vi.waitFor(
    async () => {
      const waiting = (await worker.scrape()).get('algolia_ingestion_approvals_waiting');
      expect(waiting?.samples.get('algolia_ingestion_approvals_waiting')?.[0]?.value).toBe(1);
    },
    { timeout: 150_000, interval: 200 },
  );
  await answer(deletion, 'approve');
  await deletion.result();
}
