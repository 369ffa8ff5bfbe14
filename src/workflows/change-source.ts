import { ApplicationFailure, CancellationScope, defineQuery } from '@temporalio/workflow';
import type { Checked, WorkflowInput } from '../activities/check-input.ts';
import type { OutputOf } from '../operations/index.ts';
import { checkInput, repeatable } from './proxies.ts';
import { checkPolicy, openApprovals, requireApproval, type ApprovalOutcome } from './steps/approval.ts';
import { followChanges, follows } from './steps/changes.ts';
import { failureMessage } from './steps/failure-type.ts';
import { approvalLine, syncLine } from './steps/outcome-lines.ts';
import { startProgress, type Progress } from './steps/progress.ts';
import { findableBy } from './steps/search-attributes.ts';
import { seeThrough } from './steps/see-through.ts';
import {
  changedMembers,
  isChangedSince,
  sourceBefore,
  type SourceBefore,
  type Updated,
} from './steps/source-before.ts';
import { syncChild } from './steps/sync-child.ts';
import { reasonOf, undoneFailure } from './steps/undone-failure.ts';
import { readValidation, type Validation } from './steps/validate.ts';
import type { SyncTaskResult } from './sync-task.ts';

/**
 * Changes a source without betting on it: validate → approval → update → sync.
 * If the sync fails, or it is cancelled half-way, the source is put back as it was; what can't be put back is said before anybody approves.
 * The approval is for this change to this source: if somebody else changes it meanwhile, it's asked again.
 */
export type ChangeSourceInput = WorkflowInput<'changeSource'>;

export interface ChangeSourceResult {
  readonly sourceID: string;
  /** The members that were changed, as they were before. */
  readonly before: object;
  readonly validation: Validation;
  readonly approval: ApprovalOutcome;
  /** Absent when the source has no task, or several and none was named. */
  readonly sync?: SyncTaskResult;
}

/** The answer to the query `status`. */
export interface ChangeSourceStatus extends Partial<ChangeSourceResult> {
  readonly sourceID: string;
  readonly step: string;
}

export const changeSourceStatus = defineQuery<ChangeSourceStatus>('status');

type Input = Checked<'changeSource'>;

export async function changeSource(rawInput: ChangeSourceInput): Promise<ChangeSourceResult> {
  followChanges();
  openApprovals();
  const { tell } = startProgress<ChangeSourceStatus>({
    query: changeSourceStatus,
    description: 'How far the change has come',
    atTheStart: { sourceID: rawInput?.sourceID, step: 'checking the input' },
    describe,
  });
  const input = await checkInput('changeSource', rawInput);
  const { sourceID, sourceUpdate } = input;
  findableBy({ AlgoliaAppId: input.applicationId });
  await checkPolicy(input.approval?.policy);

  const source = await repeatable.getSource({ sourceID });
  const taskID = await taskToSync(input);
  findableBy({ AlgoliaTaskId: taskID });
  tell({ step: 'validating the change', before: changedMembers(source, sourceUpdate) });
  const validation = readValidation(await repeatable.validateSourceBeforeUpdate({ sourceID, sourceUpdate }));
  const { approval, approved } = await approveChange(input, source, validation, taskID, tell);

  const before = sourceBefore(approved, sourceUpdate);
  const updated: Updated = { sourceID, sourceUpdate };
  try {
    tell({ step: 'updating the source', approval });
    const update = async () => {
      updated.updatedAt = (await repeatable.updateSource({ sourceID, sourceUpdate })).updatedAt;
    };
    await seeThrough(update, { since: 'see the update through' });
    const sync =
      taskID === undefined
        ? undefined
        : await syncChild({ ...input.run, taskID }, { name: 'sync', summary: 'sync after the change', tell });
    tell({ step: 'done', ...(sync ? { sync } : {}) });
    findableBy({ Outcome: sync?.verdict ?? 'changed' });
    return {
      sourceID,
      before: changedMembers(approved, sourceUpdate),
      validation,
      approval,
      ...(sync ? { sync } : {}),
    };
  } catch (error) {
    throw await CancellationScope.nonCancellable(() => putBack(updated, before, error, tell));
  }
}

type Tell = Progress<ChangeSourceStatus>['tell'];

async function taskToSync({ sourceID, taskID }: Input): Promise<string | undefined> {
  if (taskID !== undefined) {
    const task = await repeatable.getTask({ taskID });
    if (task.sourceID === sourceID) return taskID;
    throw ApplicationFailure.nonRetryable(
      `input.taskID: task ${taskID} is of source ${task.sourceID}, not of ${sourceID}`,
      'InvalidInput',
    );
  }
  const tasks = await repeatable.findResources({ kind: 'task', match: { sourceID } });
  return tasks.length === 1 ? tasks[0]?.id : undefined;
}

async function approveChange(
  input: Input,
  source: OutputOf<'getSource'>,
  validation: Validation,
  taskID: string | undefined,
  tell: Tell,
) {
  const { sourceID, sourceUpdate, reason, requestedBy } = input;
  let approved = source;
  const plan = () => {
    const { lost } = sourceBefore(approved, sourceUpdate);
    return {
      source: { sourceID, name: approved.name, type: approved.type, updatedAt: approved.updatedAt ?? null },
      from: changedMembers(approved, sourceUpdate),
      to: sourceUpdate,
      validated: { samples: validation.samples },
      thenSync: taskID ?? null,
      ifThatFails: lost.length === 0 ? 'it is put back as it was' : { cannotBePutBack: lost },
    };
  };
  const approval = await requireApproval({
    title: `a change of source ${source.name}`,
    reason,
    plan: plan(),
    policy: input.approval?.policy,
    requestedBy,
    describeAround: tell({ step: 'waiting for approval' }),
    replan: async () => {
      approved = await repeatable.getSource({ sourceID });
      return plan();
    },
  });
  return { approval, approved };
}

/** Puts the source back as it was, unless somebody else has changed it since, and returns what to throw. */
async function putBack(
  updated: Updated,
  { restore, lost }: SourceBefore,
  error: unknown,
  tell: Tell,
): Promise<unknown> {
  const why = reasonOf(error);
  const notRestored = [...lost];
  try {
    tell({ step: `putting the source back, because: ${why}` });
    const { sourceID } = updated;
    const isOthers =
      follows('leave what others changed') &&
      isChangedSince(updated, restore, await repeatable.getSource({ sourceID }));
    if (isOthers) notRestored.push('somebody else has changed it since, and that was left');
    else if (Object.keys(restore).length > 0) await repeatable.updateSource({ sourceID, sourceUpdate: restore });
  } catch (restoreError) {
    notRestored.push(`everything: ${failureMessage(restoreError)}`);
  }
  const outcome = notRestored.length === 0 ? 'put back as it was' : `not put back: ${notRestored.join('; ')}`;
  tell({ step: `${outcome}, because: ${why}` });
  findableBy({ Outcome: notRestored.length === 0 ? 'restored' : 'not restored' });
  return undoneFailure(error, {
    type: 'ChangeFailed',
    outcome: `The source was ${outcome}`,
    details: { restored: notRestored.length === 0, notRestored },
  });
}

function describe({ sourceID, step, approval, sync }: ChangeSourceStatus): string {
  return [`**source \`${sourceID}\`**: ${step}`, '', ...approvalLine(approval), ...syncLine('sync', sync)].join('\n');
}
