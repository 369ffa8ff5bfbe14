import { Client, Connection } from '@temporalio/client';
import { NativeConnection, type ActivityInterceptorsFactory } from '@temporalio/worker';
import { randomUUID } from 'node:crypto';
import { installQuietRuntime } from '../scripts/install-quiet-runtime.ts';
import { startTemporalServer } from '../scripts/temporal-server.ts';
import { startSimulator, type Simulator } from '../simulator/index.ts';
import { loadConfig } from '../src/config.ts';
import { createWorker } from '../src/create-worker.ts';
import { createScrubber } from '../src/secrets/scrubber.ts';
import type { syncTask } from '../src/workflows/sync-task.ts';
import { makeConnector } from '../test/setup/connector.ts';
import { fasterWaits } from '../test/setup/faster-waits.ts';

const TASK_QUEUE = 'bench-history';
const MINUTE_MS = 60_000;
const DURATIONS = { 'a minute': 1, 'ten minutes': 10, 'an hour': 60, 'six hours': 6 * 60, 'a day': 24 * 60 };

/** What a sync leaves in its history, by how long its run takes. */
export async function benchHistory(): Promise<void> {
  installQuietRuntime();
  const [temporal, simulator] = await Promise.all([startTemporalServer({ ui: false }), startSimulator({ runMs: 0 })]);
  const [native, connection] = await Promise.all([
    NativeConnection.connect({ address: temporal.address }),
    Connection.connect({ address: temporal.address }),
  ]);
  const client = new Client({ connection, namespace: temporal.namespace });
  const run = { endsAfterMs: 0 };
  const config = loadConfig({
    TEMPORAL_ADDRESS: temporal.address,
    TEMPORAL_NAMESPACE: temporal.namespace,
    TASK_QUEUE,
    ALGOLIA_APPLICATION_ID: simulator.applicationId,
    ALGOLIA_API_KEY: simulator.apiKey,
    ALGOLIA_INGESTION_URL: simulator.url,
  });
  const worker = await createWorker(config, native, createScrubber(), {
    interceptors: { activity: [passFaster(simulator, run)] },
  });
  try {
    await worker.runUntil(async () => {
      const rows: Record<string, object> = {};
      for (const [name, minutes] of Object.entries(DURATIONS)) {
        run.endsAfterMs = minutes * MINUTE_MS;
        rows[name] = await syncOnce(client, simulator);
      }
      console.log('\nThe history of a sync, by how long its run takes');
      console.table(rows);
    });
  } finally {
    await Promise.all([native.close(), connection.close()]);
    await Promise.all([temporal.stop(), simulator.stop()]);
  }
}

/** The run ends in the wait in which its time is up. */
const passFaster = (simulator: Simulator, run: { endsAfterMs: number }): ActivityInterceptorsFactory =>
  fasterWaits(async ({ runID, waitMs }) => {
    run.endsAfterMs -= waitMs;
    if (run.endsAfterMs <= 0) await simulator.control(`POST /runs/${runID}/finish`, {});
  });

async function syncOnce(client: Client, simulator: Simulator): Promise<object> {
  const { taskID } = await makeConnector(simulator);
  await simulator.control('POST /runs/script', { taskID, durationMs: 0, neverFinish: true });
  const handle = await client.workflow.start<typeof syncTask>('syncTask', {
    taskQueue: TASK_QUEUE,
    workflowId: randomUUID(),
    args: [{ taskID, maxDuration: '25h', noProgressFor: '25h' }],
  });
  await handle.result();
  const { raw, historyLength } = await handle.describe();
  return { events: historyLength, KB: (Number(raw.workflowExecutionInfo?.historySizeBytes) / 1_000).toFixed(1) };
}
