import type { WorkflowHandle } from '@temporalio/client';
import { setTimeout as delay } from 'node:timers/promises';
import type { Simulator } from '../../simulator/index.ts';
import { replaceAllRecordsId } from '../../src/workflows/replace-all-records.ts';
import type { ApprovalStatus } from '../../src/workflows/steps/approval-details.ts';
import { callAlgolia, makeConnector } from '../../test/setup/connector.ts';
import { makeIndex, makePushConnector } from '../../test/setup/indices.ts';
import { askedApproval } from '../asked-approval.ts';
import { until } from '../until.ts';
import { recordedConnector } from './recorded-connector.ts';
import type { Case } from './recording.ts';

/** What is recorded, by `<workflow>-<case>`: every branch a workflow may take while it waits for something. */
export const replayCases: Readonly<Record<string, Case>> = {
  'syncTask-success': async ({ simulator, records, start }) => {
    const { taskID } = await makeConnector(simulator, { url: records.url });
    return start('syncTask', { taskID });
  },

  'syncTask-signals': async ({ simulator, start }) => {
    const { taskID } = await makeConnector(simulator);
    await simulator.control('POST /runs/script', { taskID, neverFinish: true });
    const handle = await start('syncTask', { taskID });
    const { runID } = await untilStatus(handle, ({ phase }) => phase === 'running');
    await handle.signal('extendDeadline', { by: '30m' });
    await handle.signal('pollNow');
    await simulator.control(`POST /runs/${runID}/finish`, { outcome: 'success' });
    await handle.signal('pollNow');
    return handle;
  },

  'syncTask-newRun': async ({ simulator, start }) => {
    const { taskID } = await makeConnector(simulator);
    const internal = { taskID, durationMs: 0, outcome: 'failure', reasonCode: 'internal' };
    await simulator.control('POST /runs/script', internal);
    await simulator.control('POST /runs/script', { taskID, durationMs: 0 });
    await simulator.control('POST /faults', { operation: 'runTask', kind: 'loseAnswer' });
    return start('syncTask', { taskID }, { skipTime: true });
  },

  'syncTask-waited': async ({ simulator, start }) => {
    const { taskID } = await makeConnector(simulator);
    await simulator.control('POST /runs/script', { taskID, polls: 2 });
    await simulator.control('POST /runs/script', { taskID, durationMs: 0 });
    await callAlgolia(simulator, `POST /2/tasks/${taskID}/run`, {});
    return start('syncTask', { taskID, onBusy: 'wait' });
  },

  'syncTask-cancelled': async ({ simulator, start }) => {
    const { taskID } = await makeConnector(simulator);
    await simulator.control('POST /runs/script', { taskID, neverFinish: true });
    const handle = await start('syncTask', { taskID, onCancel: 'disableTask' });
    await untilStatus(handle, ({ phase }) => phase === 'running');
    await handle.cancel();
    return handle;
  },

  'syncSource-success': async ({ simulator, start }) => {
    const source = { type: 'shopify', input: { shopURL: 'https://shop.example' } };
    const { sourceID } = await makeConnector(simulator, { source });
    await simulator.control(`POST /sources/${sourceID}/records`, { records: [{ objectID: 'p1' }] });
    return start('syncSource', { sourceID });
  },

  'syncSource-lostTrigger': async ({ simulator, start }) => {
    const source = { type: 'shopify', input: { shopURL: 'https://shop.example' } };
    const { sourceID, taskID } = await makeConnector(simulator, { source });
    await simulator.control(`POST /sources/${sourceID}/records`, { records: [{ objectID: 'p1' }] });
    await simulator.control('POST /faults', { operation: 'runSource', kind: 'loseAnswer' });
    const late = { kind: 'status', status: 200, body: { runs: [] }, after: 2, match: { taskID } };
    await simulator.control('POST /faults', { operation: 'listRuns', ...late });
    return start('syncSource', { sourceID });
  },

  'provisionConnector-created': async ({ simulator, records, start }) => {
    await simulator.control('POST /faults', { operation: 'createSource', kind: 'loseAnswer' });
    return start('provisionConnector', { ...recordedConnector(records.url), firstSync: { enabled: true } });
  },

  'provisionConnector-undone': async ({ simulator, records, start }) => {
    await simulator.control('POST /faults', { operation: 'createTask', kind: 'status', status: 400 });
    return start('provisionConnector', recordedConnector(records.url));
  },

  'provisionConnector-notTold': async ({ simulator, records, start }) => {
    await simulator.control('POST /faults', { operation: 'createSource', kind: 'loseAnswer' });
    await simulator.control('POST /faults', { operation: 'createTask', kind: 'status', status: 400 });
    return start('provisionConnector', recordedConnector(records.url));
  },

  'replaceAllRecords-moved': async ({ simulator, records, start }) => {
    await makeReplaceable(simulator);
    const match = { operation: 'move' };
    await simulator.control('POST /faults', { operation: 'operationIndex', kind: 'reset', match });
    return start('replaceAllRecords', replace(records.url), { workflowId: lockID, skipTime: true });
  },

  'replaceAllRecords-approved': async ({ simulator, records, start }) => {
    await makeReplaceable(simulator);
    const input = { ...replace(records.url), guard: { minRecords: 1_000 }, onGuard: 'askApproval' };
    const handle = await start('replaceAllRecords', input, { workflowId: lockID });
    await untilStatus(handle, ({ phase }) => phase === 'waiting for an approval');
    await handle.signal('approve', { approver: 'bob' });
    return handle;
  },

  'replaceAllRecords-askedAgain': async ({ simulator, records, start }) => {
    await makeReplaceable(simulator);
    const input = { ...replace(records.url), guard: { minRecords: 1_000 }, onGuard: 'askApproval' };
    const handle = await start('replaceAllRecords', input, { workflowId: lockID });
    await until(() => askedApproval(handle));
    makeIndex(simulator, REPLACEABLE, { count: 500 });
    await handle.signal('approve', { approver: 'bob' });
    await until(async () => (await handle.query<ApprovalStatus>('approval')).approvalId?.endsWith('/approval-2'));
    await handle.signal('approve', { approver: 'bob' });
    return handle;
  },

  'replaceAllRecords-cleanedUp': async ({ simulator, records, start }) => {
    await makeReplaceable(simulator);
    return start(
      'replaceAllRecords',
      { ...replace(records.url), guard: { minRecords: 1_000 } },
      { workflowId: lockID },
    );
  },

  'replaceAllRecords-cancelled': async ({ simulator, records, start }) => {
    await makeReplaceable(simulator);
    await simulator.control('POST /faults', { operation: 'push', kind: 'slow', ms: 1_000 });
    const handle = await start('replaceAllRecords', replace(records.url), { workflowId: lockID });
    await untilStatus(handle, ({ phase }) => phase === 'pushing');
    await handle.cancel();
    return handle;
  },

  'replaceAllRecords-inItsName': async ({ simulator, records, start }) => {
    await makeReplaceable(simulator);
    return start('replaceAllRecords', replace(records.url));
  },

  'pushRecords-pushed': async ({ simulator, records, start }) => {
    await makePushConnector(simulator, REPLACEABLE);
    return start('pushRecords', { indexName: REPLACEABLE, action: 'addObject', recordsRef: { uri: records.url } });
  },

  'pushRecords-paused': async ({ simulator, records, start }) => {
    await makePushConnector(simulator, REPLACEABLE);
    await simulator.control('POST /faults', { operation: 'push', kind: 'slow', ms: 500, times: -1 });
    const input = { indexName: REPLACEABLE, action: 'addObject', recordsRef: { uri: records.url }, maxParallel: 1 };
    const handle = await start('pushRecords', { ...input, batch: { maxRecords: 5 } });
    await handle.signal('pause');
    await delay(1_000);
    await handle.signal('setParallel', { maxParallel: 2 });
    await handle.signal('resume');
    return handle;
  },

  'pushRecords-cancelled': async ({ simulator, records, start }) => {
    await makePushConnector(simulator, REPLACEABLE);
    await simulator.control('POST /faults', { operation: 'push', kind: 'slow', ms: 500, times: -1 });
    const input = { indexName: REPLACEABLE, action: 'addObject', recordsRef: { uri: records.url }, maxParallel: 1 };
    const handle = await start('pushRecords', { ...input, batch: { maxRecords: 5 } });
    await until(async () => (simulator.world.requests.counts.push ?? 0) > 1);
    await handle.cancel();
    return handle;
  },

  'pushRecords-told': async ({ simulator, start }) => {
    await makePushConnector(simulator, REPLACEABLE);
    await simulator.control('POST /records/fail', { indexName: REPLACEABLE });
    const records = [{ objectID: '1' }];
    return start('pushRecords', { indexName: REPLACEABLE, action: 'addObject', records, failWorkflow: false });
  },

  'backfill-tasks': async ({ simulator, start }) => {
    const made = await Promise.all([1, 2, 3].map(() => makeConnector(simulator)));
    const handle = await start('backfill', { items: made.map(({ taskID }) => ({ taskID })), maxParallel: 1 });
    await handle.signal('setParallel', { maxParallel: 2 });
    return handle;
  },

  'callOperation-read': ({ start }) =>
    start('callOperation', { operation: 'listSources', params: { itemsPerPage: 5 } }),

  'callOperation-refused': ({ start }) =>
    start('callOperation', { operation: 'getSource', params: { sourceID: 'none' } }),

  'callOperation-write': async ({ simulator, start }) => {
    await simulator.control('POST /faults', {
      operation: 'createDestination',
      kind: 'status',
      status: 429,
      headers: { 'retry-after': '1' },
    });
    const params = { type: 'search', name: 'recorded', input: { indexName: 'recorded' } };
    return start('callOperation', { operation: 'createDestination', params, confirm: 'createDestination' });
  },
};

const REPLACEABLE = 'recorded';
const replace = (uri: string) => ({ indexName: REPLACEABLE, recordsRef: { uri } });

const lockID = replaceAllRecordsId('DEMOAPP', REPLACEABLE);

async function makeReplaceable(simulator: Simulator): Promise<void> {
  makeIndex(simulator, REPLACEABLE, { count: 20, settings: { hitsPerPage: 7 } });
  await makePushConnector(simulator, REPLACEABLE);
}

/** What the cases look at in an answer to the query `status`. */
interface Status {
  readonly phase?: string;
  readonly runID?: string;
}

/** Waits for a state that the workflow tells of by its query `status`. */
const untilStatus = (handle: WorkflowHandle, isReached: (status: Status) => boolean): Promise<Status> =>
  until(async () => {
    const status = await handle.query<Status>('status');
    return isReached(status) && status;
  });
