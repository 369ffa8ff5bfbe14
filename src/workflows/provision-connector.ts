import { defineQuery, ParentClosePolicy, setCurrentDetails, setHandler, workflowInfo } from '@temporalio/workflow';
import type { Checked, WorkflowInput } from '../activities/check-input.ts';
import { checkInput } from './proxies.ts';
import { checkPolicy, openApprovals, requireApproval, type ApprovalOutcome } from './steps/approval.ts';
import {
  atTheStart,
  describeConnector,
  makeConnector,
  unmakeConnector,
  type Connector,
  type ConnectorStatus,
  type Progress,
} from './steps/make-connector.ts';
import { findableBy } from './steps/search-attributes.ts';
import { undoLog } from './steps/undo.ts';
import { syncTask, type SyncTaskResult } from './sync-task.ts';
import { runChild } from './steps/run-child.ts';

/**
 * Makes a whole connector or nothing: authentication → validate source → source → try transformation → transformation → destination → task.
 * What has the connector's name already is adopted; an answer that was lost is looked up, so nothing is ever made twice.
 * On failure, denial or cancellation exactly what this run created is deleted again, unless `keepOnFailure`.
 */
export type ProvisionConnectorInput = WorkflowInput<'provisionConnector'>;

export interface ProvisionConnectorResult extends Connector {
  /** The approval before the first sync, if one was asked for. */
  readonly approval?: ApprovalOutcome;
  /** The first sync, if one was asked for. */
  readonly sync?: SyncTaskResult;
}

export const provisionConnectorStatus = defineQuery<ConnectorStatus>('status');

export async function provisionConnector(rawInput: ProvisionConnectorInput): Promise<ProvisionConnectorResult> {
  const progress = startProgress(rawInput?.name);
  if (rawInput?.approval) openApprovals();
  const input = await checkInput('provisionConnector', rawInput);
  findableBy({ AlgoliaAppId: input.applicationId, AlgoliaIndex: input.destination.input.indexName });
  if (input.approval) await checkPolicy(input.approval.policy);
  const undo = undoLog();
  try {
    const connector = await makeConnector(input, undo, progress);
    const approval = input.approval && (await approveFirstSync(input, connector, progress));
    const sync = await firstSync(input, connector.ids.taskID, progress);
    progress.tell({ step: 'done' });
    findableBy({ AlgoliaTaskId: connector.ids.taskID, Outcome: sync?.verdict ?? 'created' });
    return { ...connector, ...(approval ? { approval } : {}), ...(sync ? { sync } : {}) };
  } catch (error) {
    throw await unmakeConnector(input, undo, progress, error);
  }
}

function startProgress(name: string): Progress {
  const progress = {
    status: atTheStart(name),
    tell(change: Partial<ConnectorStatus>) {
      progress.status = { ...progress.status, ...change };
      setCurrentDetails(describeConnector(progress.status));
    },
  };
  setHandler(provisionConnectorStatus, () => progress.status, { description: 'What has been made so far' });
  return progress;
}

async function approveFirstSync(
  input: Checked<'provisionConnector'>,
  { ids, created, adopted, differs, validation }: Connector,
  progress: Progress,
): Promise<ApprovalOutcome> {
  progress.tell({ step: 'waiting for approval' });
  const { name, source, destination, task, firstSync: run } = input;
  return requireApproval({
    title: `the first sync of ${name}`,
    reason: input.reason,
    plan: { connector: name, ids, created, adopted, differs, validation, source, destination, task, run },
    policy: input.approval?.policy,
    requestedBy: input.requestedBy,
    describeAround: describeConnector(progress.status),
  });
}

async function firstSync(
  input: Checked<'provisionConnector'>,
  taskID: string,
  progress: Progress,
): Promise<SyncTaskResult | undefined> {
  if (!input.firstSync?.enabled) return undefined;
  const { enabled: _enabled, ...options } = input.firstSync;
  const workflowId = `${workflowInfo().workflowId}/sync`;
  progress.tell({ step: `syncing for the first time: workflow ${workflowId}` });
  return runChild(syncTask, {
    args: [{ taskID, ...options }],
    workflowId,
    parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
    staticSummary: `first sync of ${input.name}`,
  });
}
