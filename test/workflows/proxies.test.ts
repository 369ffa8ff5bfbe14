import { Client, Connection } from '@temporalio/client';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { temporal } from '@temporalio/proto';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { startSimulator, type Simulator } from '../../simulator/index.ts';
import { decommissionConnector } from '../../src/workflows/decommission-connector.ts';
import { startTestWorker } from '../setup/start-worker.ts';

const { address, namespace } = inject('temporal');
const taskQueue = `half-done-${randomUUID()}`;
/** Each fails or not by chance. */
const WORKFLOWS = 20;

let simulator: Simulator;
let connection: Connection;

beforeAll(async () => {
  [simulator, connection] = await Promise.all([startSimulator(), Connection.connect({ address })]);
});
afterAll(async () => {
  await Promise.all([simulator.stop(), connection.close()]);
});

async function takeTask(): Promise<Uint8Array> {
  const { taskToken } = await connection.withDeadline(Date.now() + 30_000, () =>
    connection.workflowService.pollWorkflowTaskQueue({ namespace, taskQueue: { name: taskQueue } }),
  );
  return taskToken;
}

/** Does what a worker does to a workflow task before it is stopped: it records the first of two local activities. */
async function doHalfOf(taskToken: Uint8Array): Promise<void> {
  const { events = [] } = historyFromJSON(
    JSON.parse(readFileSync('test/replay/decommissionConnector-rejected.json', 'utf8')),
  );
  const completed = events?.find((event) => event.workflowTaskCompletedEventAttributes);
  const marked = events?.find((event) => event.markerRecordedEventAttributes);
  const { markerName = null, details = null } = marked?.markerRecordedEventAttributes ?? {};
  await connection.workflowService.respondWorkflowTaskCompleted({
    namespace,
    taskToken,
    sdkMetadata: completed?.workflowTaskCompletedEventAttributes?.sdkMetadata ?? null,
    forceCreateNewWorkflowTask: true,
    commands: [
      {
        commandType: temporal.api.enums.v1.CommandType.COMMAND_TYPE_RECORD_MARKER,
        recordMarkerCommandAttributes: { markerName, details },
      },
    ],
  });
}

test('cancelled between two local activities, while no worker runs, a workflow ends without a failed task', async () => {
  const { workflow } = new Client({ connection, namespace });
  const starts = Array.from({ length: WORKFLOWS }, () =>
    workflow.start(decommissionConnector, { taskQueue, workflowId: randomUUID(), args: [{ taskID: 't' }] }),
  );
  const handles = await Promise.all(starts);
  // All are taken before one is done: each brings about the next.
  const tasks = await Promise.all(handles.map(takeTask));
  await Promise.all(tasks.map(doHalfOf));
  await Promise.all(handles.map((handle) => handle.cancel()));
  const worker = await startTestWorker({ simulator, environment: { TASK_QUEUE: taskQueue } });
  try {
    for (const handle of handles) {
      await expect(handle.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
      const { events } = await handle.fetchHistory();
      const failed = events?.flatMap(
        ({ workflowTaskFailedEventAttributes }) => workflowTaskFailedEventAttributes ?? [],
      );
      expect(failed).toEqual([]);
    }
  } finally {
    await worker.stop();
  }
});
