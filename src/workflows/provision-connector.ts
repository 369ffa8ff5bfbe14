import { defineQuery } from '@temporalio/workflow';
import type { Checked, WorkflowInput } from '../activities/check-input.ts';
import { checkInput } from './proxies.ts';
import { checkPolicy, openApprovals, requireApproval, type ApprovalOutcome } from './steps/approval.ts';
import { followChanges } from './steps/changes.ts';
import {
  atTheStart,
  describeConnector,
  enableHeld,
  isHeld,
  makeConnector,
  unmakeConnector,
  type Connector,
  type ConnectorStatus,
} from './steps/make-connector.ts';
import { startProgress, type Progress } from './steps/progress.ts';
import { findableBy } from './steps/search-attributes.ts';
import { syncChild } from './steps/sync-child.ts';
import { undoLog } from './steps/undo.ts';
import type { SyncTaskResult } from './sync-task.ts';

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
  followChanges();
  const progress = startProgress<ConnectorStatus>({
    query: provisionConnectorStatus,
    description: 'What has been made so far',
    atTheStart: atTheStart(rawInput?.name),
    describe: describeConnector,
  });
  if (rawInput?.approval) openApprovals();
  const input = await checkInput('provisionConnector', rawInput);
  findableBy({ AlgoliaAppId: input.applicationId, AlgoliaIndex: input.destination.input.indexName });
  if (input.approval) await checkPolicy(input.approval.policy);
  const undo = undoLog();
  try {
    const disabled = input.approval !== undefined && isHeld(input);
    const connector = await makeConnector(input, undo, progress, { disabled });
    const approval = input.approval && (await approveFirstSync(input, connector, progress));
    if (disabled) await enableHeld(connector);
    const sync = await firstSync(input, connector.ids.taskID, progress);
    progress.tell({ step: 'done' });
    findableBy({ AlgoliaTaskId: connector.ids.taskID, Outcome: sync?.verdict ?? 'created' });
    return { ...connector, ...(approval ? { approval } : {}), ...(sync ? { sync } : {}) };
  } catch (error) {
    throw await unmakeConnector(input, undo, progress, error);
  }
}

async function approveFirstSync(
  input: Checked<'provisionConnector'>,
  { ids, created, adopted, differs, validation }: Connector,
  progress: Progress<ConnectorStatus>,
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
  progress: Progress<ConnectorStatus>,
): Promise<SyncTaskResult | undefined> {
  if (!input.firstSync?.enabled) return undefined;
  const { enabled: _enabled, ...options } = input.firstSync;
  return syncChild(
    { taskID, ...options },
    { name: 'sync', doing: 'syncing for the first time', summary: `first sync of ${input.name}`, tell: progress.tell },
  );
}
