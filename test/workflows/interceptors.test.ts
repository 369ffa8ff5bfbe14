import { Client, Connection } from '@temporalio/client';
import { activityInfo } from '@temporalio/activity';
import { Worker } from '@temporalio/worker';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { startSimulator, type Simulator } from '../../simulator/index.ts';
import { ASK_AGAIN } from '../../src/workflows/interceptors.ts';
import { sharedWorkflows } from '../../src/workflow-bundle.ts';
import { bundleWorkflows } from '../setup/bundle-workflows.ts';
import { startTestWorker, type TestWorker } from '../setup/start-worker.ts';
import { clock, patient, strike, struckAt } from './clock-workflow.ts';

/** Of each the worker takes the query or the task first, by chance. */
const WORKFLOWS = 20;
const patientQueue = `patient-${randomUUID()}`;
const taskQueue = `clock-${randomUUID()}`;

let simulator: Simulator;
let connection: Connection;
let workflowBundle: { codePath: string };

beforeAll(async () => {
  [simulator, connection] = await Promise.all([
    startSimulator(),
    Connection.connect({ address: inject('temporal').address }),
  ]);
  const path = fileURLToPath(new URL('./clock-workflow.ts', import.meta.url));
  workflowBundle = await bundleWorkflows(sharedWorkflows({ path }));
});
afterAll(async () => {
  await Promise.all([simulator.stop(), connection.close()]);
});

const startWorker = (): Promise<TestWorker> =>
  startTestWorker({ simulator, environment: { TASK_QUEUE: taskQueue }, overrides: { workflowBundle } });

test('a query that waited for a worker tells a workflow nothing of what happened since, for it would be at the wrong time', async () => {
  const { workflow } = new Client({ connection });
  const first = await startWorker();
  const handles = await Promise.all(
    Array.from({ length: WORKFLOWS }, () => workflow.start(clock, { taskQueue, workflowId: `clock-${randomUUID()}` })),
  );
  await Promise.all(handles.map((handle) => handle.query(struckAt)));
  await first.stop();

  const answers = handles.map((handle) => handle.query(struckAt).catch((error: Error) => error.message));
  // A query that comes after the signal would wait for the task that the signal brings about.
  await sleep(1_000);
  await Promise.all(handles.map((handle) => handle.signal(strike)));
  const second = await startWorker();
  try {
    const refusals = (await Promise.all(answers)).filter((answer) => typeof answer === 'string');
    expect(refusals).toEqual(refusals.map(() => ASK_AGAIN));
    for (const handle of handles) {
      const time = await handle.result();
      const { events } = await handle.fetchHistory();
      const { seconds, nanos } = events?.findLast((event) => event.workflowTaskStartedEventAttributes)?.eventTime ?? {};
      expect(time).toBe(Number(seconds) * 1_000 + Math.floor((nanos ?? 0) / 1_000_000));
    }
  } finally {
    await second.stop();
  }
});

test('what happens while a query is answered and a local activity ends comes after that, as it will in a replay', async () => {
  const { workflow } = new Client({ connection });
  const handles = await Promise.all(
    [1, 2, 3, 4].map(() => workflow.start(patient, { taskQueue: patientQueue, workflowId: `patient-${randomUUID()}` })),
  );
  const answers = handles.map((handle) => handle.query(struckAt).catch(() => undefined));
  await sleep(1_000);
  const meanwhile = async () => {
    const { workflowExecution } = activityInfo();
    await workflow.getHandle(workflowExecution?.workflowId ?? '').signal(strike);
  };
  const worker = await startTestWorker({
    simulator,
    environment: { TASK_QUEUE: patientQueue },
    overrides: { workflowBundle, activities: { meanwhile } },
  });
  try {
    await Promise.all(answers);
    for (const handle of handles) {
      expect(await handle.result()).toEqual(['done', 'struck']);
      await Worker.runReplayHistory({ workflowBundle }, await handle.fetchHistory(), handle.workflowId);
    }
  } finally {
    await worker.stop();
  }
});
