import { CancellationScope, defineQuery } from '@temporalio/workflow';
import type { Checked, WorkflowInput } from '../activities/check-input.ts';
import { checkInput, repeatable } from './proxies.ts';
import { checkPolicy, openApprovals, requireApproval, type ApprovalOutcome } from './steps/approval.ts';
import { followChanges, follows } from './steps/changes.ts';
import { failureMessage } from './steps/failure-type.ts';
import { startProgress, type Progress } from './steps/progress.ts';
import { findableBy } from './steps/search-attributes.ts';
import { seeThrough } from './steps/see-through.ts';
import { syncChild } from './steps/sync-child.ts';
import { reasonOf, undoneFailure } from './steps/undone-failure.ts';
import type { SyncTaskResult } from './sync-task.ts';

/**
 * Enables a disabled task again, once somebody approves, and syncs it as a test. If that fails, it is disabled again.
 * `watchConnectors` starts it with `onDisabled: "askApproval"`; it can also be started by hand.
 */
export type ReenableTaskInput = WorkflowInput<'reenableTask'>;

export interface ReenableTaskResult {
  readonly taskID: string;
  /** Somebody else may have enabled it before there was anything to ask, or while it was asked. */
  readonly outcome: 'enabled' | 'was enabled';
  readonly approval?: ApprovalOutcome;
  readonly sync?: SyncTaskResult;
}

/** The answer to the query `status`. */
export interface ReenableTaskStatus {
  readonly taskID: string;
  readonly step: string;
}

export const reenableTaskStatus = defineQuery<ReenableTaskStatus>('status');

export async function reenableTask(rawInput: ReenableTaskInput): Promise<ReenableTaskResult> {
  followChanges();
  openApprovals();
  const { tell } = startProgress<ReenableTaskStatus>({
    query: reenableTaskStatus,
    description: 'How far it has come',
    atTheStart: { taskID: rawInput?.taskID, step: 'checking the input' },
    describe,
  });
  const input = await checkInput('reenableTask', rawInput);
  const { taskID } = input;
  findableBy({ AlgoliaAppId: input.applicationId, AlgoliaTaskId: taskID });
  await checkPolicy(input.approval?.policy);
  if (await isEnabled(taskID)) return wasEnabled(taskID, tell);

  const approval = await approve(input, tell);
  if (await isEnabled(taskID)) return { ...wasEnabled(taskID, tell), approval };
  try {
    tell({ step: 'enabling the task' });
    await seeThrough(() => repeatable.enableTask({ taskID }), { since: 'see the update through' });
    const sync = await syncChild(
      { ...input.run, taskID },
      { name: 'sync', summary: 'sync of the task that was enabled again', tell },
    );
    tell({ step: 'done' });
    findableBy({ Outcome: sync.verdict });
    return { taskID, outcome: 'enabled', approval, sync };
  } catch (error) {
    throw await CancellationScope.nonCancellable(() => disableAgain(taskID, error, tell));
  }
}

type Tell = Progress<ReenableTaskStatus>['tell'];

const describe = ({ taskID, step }: ReenableTaskStatus) => `**task \`${taskID}\`**: ${step}`;

/** There is nothing left to do, or never was. */
function wasEnabled(taskID: string, tell: Tell): ReenableTaskResult {
  const outcome = 'was enabled';
  tell({ step: 'done: the task was enabled already' });
  if (follows('outcome of was enabled')) findableBy({ Outcome: outcome });
  return { taskID, outcome };
}

const isEnabled = async (taskID: string) => (await repeatable.getTask({ taskID })).enabled !== false;

async function approve({ taskID, reason, requestedBy, approval }: Checked<'reenableTask'>, tell: Tell) {
  const plan = async () => {
    const { sourceID, destinationID, updatedAt } = await repeatable.getTask({ taskID });
    const { runs } = await repeatable.listRuns({
      taskID,
      status: ['finished'],
      itemsPerPage: 1,
      sort: 'createdAt',
      order: 'desc',
    });
    const [last] = runs;
    return {
      enable: { taskID, sourceID, destinationID, changedAt: updatedAt ?? null },
      lastRun: last
        ? { runID: last.runID, outcome: last.outcome ?? null, reason: last.reason ?? last.reasonCode ?? null }
        : null,
      thenSync: taskID,
      ifThatFails: 'it is disabled again',
    };
  };
  return requireApproval({
    title: `enabling task ${taskID} again`,
    reason,
    plan: await plan(),
    replan: plan,
    policy: approval?.policy,
    requestedBy,
    describeAround: tell({ step: 'waiting for approval' }),
  });
}

/** Disables the task as it was, and returns what to throw. */
async function disableAgain(taskID: string, error: unknown, tell: Tell): Promise<unknown> {
  const why = reasonOf(error);
  let outcome = 'disabled again';
  let restored = true;
  try {
    tell({ step: `disabling the task again, because: ${why}` });
    await repeatable.disableTask({ taskID });
  } catch (disableError) {
    outcome = `left enabled: it could not be disabled again (${failureMessage(disableError)})`;
    restored = false;
  }
  tell({ step: `${outcome}, because: ${why}` });
  findableBy({ Outcome: restored ? 'restored' : 'not restored' });
  return undoneFailure(error, {
    type: 'ReenableFailed',
    outcome: `The task was ${outcome}`,
    details: { restored },
  });
}
