import { Client, Connection } from '@temporalio/client';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest';
import { startSimulator, type Simulator } from '../simulator/index.ts';
import { asked, answer } from './setup/decide.ts';
import { makeConnector, serveRecords, type RecordServer } from './setup/connector.ts';
import { makePushConnector } from './setup/indices.ts';
import { spawnWorker } from './setup/spawn-worker.ts';
import { workerEnvironment } from './setup/start-worker.ts';

const soon = { timeout: 150_000, interval: 100 };

let simulator: Simulator;
let records: RecordServer;
let connection: Connection;
let client: Client;

beforeAll(async () => {
  const { address, namespace } = inject('temporal');
  [simulator, records, connection] = await Promise.all([
    startSimulator(),
    serveRecords(200),
    Connection.connect({ address }),
  ]);
  client = new Client({ connection, namespace });
});
afterAll(async () => {
  await connection.close();
  await Promise.all([simulator.stop(), records.stop()]);
});

test(
  'on SIGTERM a sync, a push and an approval are handed on, and no heartbeat has to be missed',
  { timeout: 180_000 },
  async () => {
    const taskQueue = `drain-${randomUUID()}`;
    const environment = {
      ...workerEnvironment(simulator, taskQueue),
      SHUTDOWN_GRACE: '3s',
      RECORDS_HOSTS: '127.0.0.1',
    };
    const first = spawnWorker(environment);
    const start = (type: string, input: object) =>
      client.workflow.start(type, { workflowId: `${type}-${randomUUID()}`, taskQueue, args: [input] });

    const { taskID } = await makeConnector(simulator, { url: records.url });
    await simulator.control('POST /runs/script', { taskID, durationMs: 3_600_000 });
    const indexName = 'drained';
    await makePushConnector(simulator, indexName);
    await simulator.control('POST /faults', { operation: 'push', kind: 'slow', ms: 300, times: -1 });
    const deleted = await makeConnector(simulator);

    const sync = await start('syncTask', { taskID });
    const push = await start('pushRecords', {
      indexName,
      action: 'addObject',
      recordsRef: { uri: records.url },
      batch: { maxRecords: 2 },
      maxParallel: 1,
    });
    const call = await start('callOperation', {
      operation: 'deleteTask',
      params: { taskID: deleted.taskID },
      confirm: 'deleteTask',
    });
    await asked(call);
    const runID = await vi.waitFor(async () => {
      const status = await sync.query<{ phase: string; runID?: string }>('status');
      expect(status.phase).toBe('running');
      return status.runID;
    }, soon);
    await vi.waitFor(() => expect(simulator.world.requests.counts.push ?? 0).toBeGreaterThan(3), soon);

    expect(await first.end('SIGTERM')).toBe(0);
    const second = spawnWorker(environment);
    await answer(call, 'approve');
    await simulator.control(`POST /runs/${runID}/finish`, {});
    expect(await sync.result()).toMatchObject({ verdict: 'success', runID });
    expect(await push.result()).toMatchObject({ pushed: 200, failed: 0 });
    expect(await call.result()).toHaveProperty('deletedAt');
    expect(simulator.world.requests.counts).toMatchObject({ runTask: 1, deleteTask: 1 });
    for (const handle of [sync, push, call]) {
      const { events } = await handle.fetchHistory();
      const missed = (events ?? []).filter(
        ({ activityTaskTimedOutEventAttributes: timedOut, activityTaskStartedEventAttributes: started }) =>
          timedOut ?? started?.lastFailure?.timeoutFailureInfo,
      );
      expect(missed).toEqual([]);
    }
    await second.end('SIGTERM');
  },
);
