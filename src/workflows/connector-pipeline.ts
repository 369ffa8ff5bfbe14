import { defineQuery, isCancellation, ParentClosePolicy } from '@temporalio/workflow';
import type { Checked, WorkflowInput } from '../activities/check-input.ts';
import { checkInput } from './proxies.ts';
import { rotateApiKey, rotateApiKeyId, type RotateApiKeyInput, type RotateApiKeyResult } from './rotate-api-key.ts';
import { checkPolicy, openApprovals, requireApproval, type ApprovalOutcome } from './steps/approval.ts';
import { followChanges, follows } from './steps/changes.ts';
import {
  atTheStart,
  describeConnector,
  enableHeld,
  isHeld,
  makeConnector,
  unmakeConnector,
  type Connector,
  type ConnectorIDs,
  type ConnectorStatus,
} from './steps/make-connector.ts';
import { approvalLine, syncLine } from './steps/outcome-lines.ts';
import { startProgress, type Progress } from './steps/progress.ts';
import { runChild } from './steps/run-child.ts';
import { findableBy } from './steps/search-attributes.ts';
import { syncChild } from './steps/sync-child.ts';
import { undoLog } from './steps/undo.ts';
import type { SyncTaskResult } from './sync-task.ts';

/**
 * A connector from nothing to proven: provision → approval → first sync → rotation of the API key, if asked for → second sync with the new key.
 * Until the first sync has succeeded, whatever goes wrong (a denial, a failure, a cancellation) removes again what this run created.
 * From then on the connector stays, and a failure is only told.
 */
export type ConnectorPipelineInput = WorkflowInput<'connectorPipeline'>;

export interface ConnectorPipelineResult {
  readonly ids: ConnectorIDs;
  readonly created: Connector['created'];
  readonly adopted: Connector['adopted'];
  readonly differs: Connector['differs'];
  readonly approval: ApprovalOutcome;
  readonly sync: SyncTaskResult;
  readonly rotation?: RotateApiKeyResult;
  /** The sync that proves the new key. */
  readonly secondSync?: SyncTaskResult;
}

/** The answer to the query `status`. */
export type ConnectorPipelineStatus = ConnectorStatus & Partial<Omit<ConnectorPipelineResult, keyof ConnectorStatus>>;

export const connectorPipelineStatus = defineQuery<ConnectorPipelineStatus>('status');

type Input = Checked<'connectorPipeline'>;
type Rotated = Pick<ConnectorPipelineResult, 'rotation' | 'secondSync'>;

export async function connectorPipeline(rawInput: ConnectorPipelineInput): Promise<ConnectorPipelineResult> {
  followChanges();
  openApprovals();
  const progress = startProgress<ConnectorPipelineStatus>({
    query: connectorPipelineStatus,
    description: 'What has been made, approved, synced and rotated so far',
    atTheStart: atTheStart(rawInput?.name),
    describe,
  });
  const input = await checkInput('connectorPipeline', rawInput);
  findableBy({ AlgoliaAppId: input.applicationId, AlgoliaIndex: input.destination.input.indexName });
  await checkPolicy(input.approval?.policy);
  const { connector, approval, sync } = await makeAndProve(input, progress);
  const { ids, created, adopted, differs } = connector;
  const rotated: Rotated = input.thenRotate ? await rotateAndProve(input, ids.taskID, progress) : {};
  progress.tell({ step: 'done' });
  findableBy({ Outcome: rotated.rotation?.outcome === 'abandoned' ? 'rotation abandoned' : 'success' });
  return { ids, created, adopted, differs, approval, sync, ...rotated };
}

async function makeAndProve(input: Input, progress: Progress<ConnectorPipelineStatus>) {
  const undo = undoLog();
  try {
    const disabled = isHeld(input);
    const connector = await makeConnector(input, undo, progress, { disabled });
    findableBy({ AlgoliaTaskId: connector.ids.taskID });
    const approval = await approveFirstRun(input, connector, progress);
    progress.tell({ approval });
    if (disabled) await enableHeld(connector);
    const sync = await runSync(input, connector.ids.taskID, 'sync', progress);
    progress.tell({ sync });
    return { connector, approval, sync };
  } catch (error) {
    throw await unmakeConnector(input, undo, progress, error);
  }
}

async function approveFirstRun(
  input: Input,
  connector: Connector,
  progress: Progress<ConnectorPipelineStatus>,
): Promise<ApprovalOutcome> {
  progress.tell({ step: 'waiting for approval' });
  const { name, authentication, source, transformation, destination, task, run, thenRotate } = input;
  const { ids, created, adopted, differs, validation } = connector;
  return requireApproval({
    title: `the first run of ${name}`,
    reason: input.reason,
    plan: {
      connector: { name, ids, created, adopted, differs, authentication, source, transformation, destination, task },
      validation,
      run,
      ...(thenRotate ? { thenRotate } : {}),
    },
    policy: input.approval?.policy,
    requestedBy: input.requestedBy,
    describeAround: describe(progress.status),
  });
}

async function runSync(
  input: Input,
  taskID: string,
  which: 'sync' | 'second-sync',
  progress: Progress<ConnectorPipelineStatus>,
): Promise<SyncTaskResult> {
  return syncChild(
    // A run that goes on since before the rotation would not prove the new key.
    { ...input.run, taskID, ...(which === 'second-sync' ? { onBusy: 'wait' as const } : {}) },
    { name: which, summary: `${which} of ${input.name}`, tell: progress.tell },
  );
}

async function rotateAndProve(
  input: Input,
  taskID: string,
  progress: Progress<ConnectorPipelineStatus>,
): Promise<Rotated> {
  try {
    const rotation = await rotate(input, progress);
    progress.tell({ rotation });
    // Without a new key there is nothing to prove.
    if (rotation.outcome === 'abandoned') return { rotation };
    const secondSync = await runSync(input, taskID, 'second-sync', progress);
    progress.tell({ secondSync });
    return { rotation, secondSync };
  } catch (error) {
    const failed = progress.status.rotation ? 'second sync failed' : 'rotation failed';
    if (follows('outcome of a failed rotation')) findableBy({ Outcome: isCancellation(error) ? 'cancelled' : failed });
    throw error;
  }
}

async function rotate(input: Input, progress: Progress<ConnectorPipelineStatus>): Promise<RotateApiKeyResult> {
  // One rotation of an application at a time: its id is the lock.
  const workflowId = rotateApiKeyId(input.applicationId);
  progress.tell({ step: `rotating the API key, with an approval of its own: workflow ${workflowId}` });
  const { requestedBy, reason = `after the first sync of ${input.name}` } = input;
  return runChild(rotateApiKey, {
    args: [{ reason, ...(input.thenRotate as RotateApiKeyInput), ...(requestedBy ? { requestedBy } : {}) }],
    workflowId,
    parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
    staticSummary: `rotation after the first sync of ${input.name}`,
  });
}

function describe(status: ConnectorPipelineStatus): string {
  const { approval, sync, rotation, secondSync } = status;
  return [
    describeConnector(status),
    ...approvalLine(approval),
    ...syncLine('first sync', sync),
    ...(rotation ? [`- rotation of the API key: ${rotation.outcome}`] : []),
    ...syncLine('second sync', secondSync),
  ].join('\n');
}
