import type { WorkflowHandle } from '@temporalio/client';
import { alertBookId } from '../../src/activities/alert-book-reports.ts';
import { keyRingId } from '../../src/secrets/key-ring-state.ts';
import { applyManifestId } from '../../src/workflows/apply-manifest.ts';
import { rotateApiKeyId } from '../../src/workflows/rotate-api-key.ts';
import type { ApprovalStatus } from '../../src/workflows/steps/approval-details.ts';
import { callAlgolia, makeConnector } from '../../test/setup/connector.ts';
import { makeTransformed, NEW_CODE, transformationOf } from '../../test/setup/transformation.ts';
import { askedApproval } from '../asked-approval.ts';
import { until } from '../until.ts';
import { recordedConnector } from './recorded-connector.ts';
import type { Case, Recording } from './recording.ts';

const ROTATION = { toSecret: 'env:SECRET_NEXT_KEY', emergency: true, overlap: '1s', soak: '1s' };
const APPLICATION_ID = 'DEMOAPP';
const APPROVER = 'bob@example.com';

/** What is recorded of the workflows that ask people. */
export const replayApprovalCases: Readonly<Record<string, Case>> = {
  'connectorPipeline-approved': async ({ records, start }) => {
    const handle = await start('connectorPipeline', recordedConnector(records.url));
    await answer(handle, 'approve');
    return handle;
  },

  'connectorPipeline-held': async ({ records, start }) => {
    const connector = recordedConnector(records.url);
    const task = { ...connector.task, cron: '0 3 * * *' };
    const handle = await start('connectorPipeline', { ...connector, task });
    await answer(handle, 'approve');
    return handle;
  },

  'connectorPipeline-rejected': async ({ records, start }) => {
    const handle = await start('connectorPipeline', { ...recordedConnector(records.url), requestedBy: APPROVER });
    await asked(handle);
    // Who asked for it is refused, on record.
    await handle.signal('approve', { approver: APPROVER });
    await handle.signal('reject', { approver: 'ana@example.com', comment: 'not now' });
    return handle;
  },

  'changeSource-approved': async ({ simulator, records, start }) => {
    const { sourceID } = await makeConnector(simulator, { url: records.url });
    const sourceUpdate = { input: { url: records.url, uniqueIDColumn: 'objectID' } };
    const handle = await start('changeSource', { sourceID, sourceUpdate });
    await answer(handle, 'approve');
    return handle;
  },

  'changeSource-restored': async ({ simulator, records, start }) => {
    const { sourceID, taskID } = await makeConnector(simulator, { url: records.url });
    await simulator.control('POST /runs/script', { taskID, durationMs: 0, outcome: 'failure', reasonCode: 'critical' });
    const sourceUpdate = { input: { url: records.url, uniqueIDColumn: 'objectID' } };
    const handle = await start('changeSource', { sourceID, sourceUpdate });
    await answer(handle, 'approve');
    return handle;
  },

  'applyManifest-applied': async ({ simulator, records, start }) => {
    const { sourceID, destinationID, taskID } = await makeConnector(simulator, { url: records.url, name: 'there' });
    const input = { indexName: 'there', attributesToExclude: ['cost'] };
    const password = { $secret: 'env:SECRET_SHOP' };
    const manifest = {
      authentications: [{ name: 'recorded', type: 'basic', input: { username: 'shop', password } }],
      sources: [
        { name: 'there', type: 'json', sourceID, input: { url: records.url } },
        { name: 'recorded', type: 'json', authentication: 'recorded', input: { url: records.url } },
      ],
      destinations: [{ name: 'there', type: 'search', destinationID, input }],
      tasks: [{ source: 'recorded', destination: 'there', action: 'save' }],
    };
    await simulator.control('POST /faults', {
      operation: 'createSource',
      kind: 'loseAnswer',
      match: { name: 'recorded' },
    });
    const handle = await start(
      'applyManifest',
      { manifest, prune: true },
      { workflowId: applyManifestId(APPLICATION_ID) },
    );
    // With this the plan is another one by the time it is approved, so it is asked for again.
    await asked(handle);
    await callAlgolia(simulator, `DELETE /2/tasks/${taskID}`);
    await answer(handle, 'approve');
    await askedAgain(handle);
    await answer(handle, 'approve');
    return handle;
  },

  'applyManifest-stopped': async ({ simulator, start }) => {
    const destinations = ['a', 'b'].map((name) => ({ name, type: 'search', input: { indexName: name } }));
    await simulator.control('POST /faults', {
      operation: 'createDestination',
      kind: 'status',
      status: 400,
      match: { name: 'b' },
    });
    const handle = await start(
      'applyManifest',
      { manifest: { destinations } },
      { workflowId: applyManifestId(APPLICATION_ID) },
    );
    await answer(handle, 'approve');
    return handle;
  },

  'applyManifest-cancelled': async ({ simulator, start }) => {
    const { destinationID } = await makeConnector(simulator, { name: 'there' });
    const destinations = [
      { name: 'there', type: 'search', destinationID, input: { indexName: 'elsewhere' } },
      { name: 'new', type: 'search', input: { indexName: 'new' } },
    ];
    await simulator.control('POST /faults', { operation: 'updateDestination', kind: 'slow', ms: 1_000 });
    const handle = await start(
      'applyManifest',
      { manifest: { destinations } },
      { workflowId: applyManifestId(APPLICATION_ID) },
    );
    await answer(handle, 'approve');
    await until(async () => simulator.world.faults.list().some(({ hits }) => hits > 0));
    await handle.cancel();
    return handle;
  },

  'applyManifest-inItsName': async ({ start }) => start('applyManifest', { manifest: { sources: [] } }),

  'deployTransformation-approved': async (recording) => {
    const { handle } = await deploy(recording);
    await answer(handle, 'approve');
    return handle;
  },

  'deployTransformation-askedAgain': async (recording) => {
    const { handle, transformationID } = await deploy(recording, { outcome: 'failure', reasonCode: 'critical' });
    await asked(handle);
    const changed = { name: 'by hand', type: 'code', input: { code: `// by hand\n${NEW_CODE}` } };
    await callAlgolia(recording.simulator, `PUT /1/transformations/${transformationID}`, changed);
    await answer(handle, 'approve');
    await askedAgain(handle);
    await answer(handle, 'approve');
    return handle;
  },

  'deployTransformation-canaryGone': async (recording) => {
    const { handle, taskID } = await deploy(recording);
    await asked(handle);
    await callAlgolia(recording.simulator, `PUT /2/tasks/${taskID}/disable`);
    await answer(handle, 'approve');
    return handle;
  },

  'deployTransformation-unchanged': async ({ simulator, start }) => {
    const { transformationID } = await makeTransformed(simulator);
    const { input } = await transformationOf(simulator, transformationID);
    return start('deployTransformation', { transformationID, ...input, tryOn: [{ objectID: '1' }] });
  },

  'decommissionConnector-approved': async (recording) => {
    const handle = await decommission(recording);
    await answer(handle, 'approve');
    return handle;
  },

  'decommissionConnector-rejected': async (recording) => {
    const handle = await decommission(recording);
    await answer(handle, 'reject');
    return handle;
  },

  'rotateAuthentication-approved': async (recording) => {
    const { handle } = await rotateShop(recording);
    await answer(handle, 'approve');
    return handle;
  },

  'rotateAuthentication-askedAgain': async (recording) => {
    const { handle, authenticationID } = await rotateShop(recording);
    await asked(handle);
    await makeConnector(recording.simulator, { url: recording.records.url, source: { authenticationID } });
    await answer(handle, 'approve');
    await askedAgain(handle);
    await answer(handle, 'approve');
    return handle;
  },

  'rotateAuthentication-backToTheOld': async (recording) => {
    const { handle, taskID } = await rotateShop(recording);
    await recording.simulator.control('POST /runs/script', { taskID, durationMs: 0, outcome: 'failure' });
    await answer(handle, 'approve');
    return handle;
  },

  'rotateApiKey-forced': async (recording) => rotate(recording),

  'rotateApiKey-abandoned': async ({ simulator, start }) => {
    await simulator.control('POST /keys', { key: 'recorded-next-key' });
    const handle = await start('rotateApiKey', ROTATION, { workflowId: rotateApiKeyId(APPLICATION_ID) });
    await answer(handle, 'reject');
    return handle;
  },

  'rotateApiKey-rolledBack': async (recording) => {
    const handle = await promoted(recording);
    await handle.cancel();
    return handle;
  },

  'keyRing-promoted': async (recording) => {
    await (await rotate(recording)).result();
    const ring = recording.client.workflow.getHandle(keyRingId(APPLICATION_ID));
    await ring.terminate('recorded');
    return ring;
  },

  'reenableTask-approved': async ({ simulator, records, start }) => {
    const { taskID } = await makeConnector(simulator, { url: records.url });
    await callAlgolia(simulator, `PUT /2/tasks/${taskID}/disable`);
    const handle = await start('reenableTask', { taskID });
    await answer(handle, 'approve');
    return handle;
  },

  'watchConnectors-told': async (recording) => watch(recording),

  'alertBook-told': async (recording) => {
    await (await watch(recording)).result();
    const book = recording.client.workflow.getHandle(alertBookId(APPLICATION_ID));
    await book.terminate('recorded');
    return book;
  },

  'callOperation-approvedDelete': async ({ simulator, start }) => {
    const made = { type: 'search', name: 'to be deleted', input: { indexName: 'none' } };
    const { destinationID } = await callAlgolia(simulator, 'POST /1/destinations', made);
    const call = { operation: 'deleteDestination', params: { destinationID }, confirm: 'deleteDestination' };
    const handle = await start('callOperation', call);
    await answer(handle, 'approve');
    return handle;
  },
};

/** Finds a task that is disabled, and tells the recorder's channel. */
async function watch({ simulator, start }: Recording): Promise<WorkflowHandle> {
  const { taskID } = await makeConnector(simulator);
  await callAlgolia(simulator, `PUT /2/tasks/${taskID}/disable`);
  return start('watchConnectors', { expect: [{ taskID, maxAge: '1h' }], alert: ['ops'] });
}

/** New code for a transformation, with a canary whose run does as `script` says. */
async function deploy({ simulator, records, start }: Recording, script: object = {}) {
  const { transformationID, taskID } = await makeTransformed(simulator, { url: records.url });
  await simulator.control('POST /runs/script', { taskID, durationMs: 0, ...script });
  const handle = await start('deployTransformation', {
    transformationID,
    code: NEW_CODE,
    tryOn: [{ objectID: '1' }],
    expect: [{ path: 'version', equals: 2 }],
    canaryTaskID: taskID,
  });
  return { handle, transformationID, taskID };
}

/** New credentials for a source. */
async function rotateShop({ simulator, records, start }: Recording) {
  const input = { username: 'shop', password: 'the-old-password' };
  const old = await callAlgolia(simulator, 'POST /1/authentications', { type: 'basic', name: 'recorded', input });
  const authenticationID = old.authenticationID ?? '';
  const { taskID } = await makeConnector(simulator, { url: records.url, source: { authenticationID } });
  const newInput = { username: 'shop', password: { $secret: 'env:SECRET_SHOP' } };
  const rotation = { authenticationID, newInput, canaryTaskID: taskID, overlap: '1s' };
  return { authenticationID, taskID, handle: await start('rotateAuthentication', rotation) };
}

/** A connector with a run that has not ended, and a transformation that something else uses too. */
async function decommission({ simulator, start }: Recording): Promise<WorkflowHandle> {
  const { taskID, transformationID } = await makeTransformed(simulator);
  const { destinationID } = await makeConnector(simulator);
  await callAlgolia(simulator, `PATCH /1/destinations/${destinationID}`, { transformationIDs: [transformationID] });
  await simulator.control('POST /runs/script', { taskID, durationMs: 1_000 });
  await callAlgolia(simulator, `POST /2/tasks/${taskID}/run`);
  const alsoDelete = ['destination', 'source', 'transformation', 'authentication'];
  return start('decommissionConnector', { taskID, alsoDelete });
}

/** The recorder's worker has no identity of its own, so a rotation goes on without its word when an operator says so. */
async function rotate(recording: Recording): Promise<WorkflowHandle> {
  const handle = await promoted(recording);
  await handle.signal('forceConverge', { by: 'ana@example.com', reason: 'the recorder' });
  return handle;
}

/** A rotation that waits for the recorder's worker to confirm the new key. */
async function promoted({ simulator, start }: Recording): Promise<WorkflowHandle> {
  await simulator.control('POST /keys', { key: 'recorded-next-key' });
  const handle = await start('rotateApiKey', ROTATION, { workflowId: rotateApiKeyId(APPLICATION_ID) });
  await answer(handle, 'approve');
  await until(async () => (await handle.query<{ waitingFor?: string[] }>('status')).waitingFor?.length);
  return handle;
}

async function answer(handle: WorkflowHandle, decision: 'approve' | 'reject'): Promise<void> {
  await asked(handle);
  await handle.signal(decision, { approver: APPROVER });
}

const asked = (handle: WorkflowHandle) => until(() => askedApproval(handle));

/** Waits for the second question: the plan has changed since the first. */
const askedAgain = (handle: WorkflowHandle) =>
  until(async () => (await handle.query<ApprovalStatus>('approval')).approvalId?.endsWith('/approval-2'));
