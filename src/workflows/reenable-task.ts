import {
  CancellationScope,
  defineQuery,
  ParentClosePolicy,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { Checked, WorkflowInput } from '../activities/check-input.ts';
import { checkInput, repeatable } from './proxies.ts';
import { checkPolicy, openApprovals, requireApproval, type ApprovalOutcome } from './steps/approval.ts';
import { failureMessage } from './steps/failure-type.ts';
import { findableBy } from './steps/search-attributes.ts';
import { reasonOf, undoneFailure } from './steps/undone-failure.ts';
import { syncTask, type SyncTaskResult } from './sync-task.ts';
import { runChild } from './steps/run-child.ts';

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
  openApprovals();
  const tell = startStatus(rawInput?.taskID);
  const input = await checkInput('reenableTask', rawInput);
  const { taskID } = input;
  findableBy({ AlgoliaAppId: input.applicationId, AlgoliaTaskId: taskID });
  await checkPolicy(input.approval?.policy);
  if (await isEnabled(taskID)) return { taskID, outcome: 'was enabled' };

  const approval = await approve(input, tell);
  if (await isEnabled(taskID)) return { taskID, outcome: 'was enabled', approval };
  try {
    tell('enabling the task');
    await repeatable.enableTask({ taskID });
    const sync = await syncEnabled(input, tell);
    tell('done');
    findableBy({ Outcome: sync.verdict });
    return { taskID, outcome: 'enabled', approval, sync };
  } catch (error) {
    throw await CancellationScope.nonCancellable(() => disableAgain(taskID, error, tell));
  }
}

type Tell = (step: string) => string;

/** Returns the Current Details as they are then. */
function startStatus(taskID: string): Tell {
  let step = 'checking the input';
  setHandler(reenableTaskStatus, () => ({ taskID, step }), { description: 'How far it has come' });
  return (next) => {
    step = next;
    const details = `**task \`${taskID}\`**: ${step}`;
    setCurrentDetails(details);
    return details;
  };
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
    describeAround: tell('waiting for approval'),
  });
}

async function syncEnabled({ taskID, run }: Checked<'reenableTask'>, tell: Tell): Promise<SyncTaskResult> {
  const workflowId = `${workflowInfo().workflowId}/sync`;
  tell(`syncing: workflow ${workflowId}`);
  return runChild(syncTask, {
    args: [{ ...run, taskID }],
    workflowId,
    parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
    staticSummary: 'sync of the task that was enabled again',
  });
}

/** Disables the task as it was, and returns what to throw. */
async function disableAgain(taskID: string, error: unknown, tell: Tell): Promise<unknown> {
  let outcome = 'disabled again';
  try {
    tell(`disabling the task again, because: ${reasonOf(error)}`);
    await repeatable.disableTask({ taskID });
  } catch (disableError) {
    outcome = `left enabled: it could not be disabled again (${failureMessage(disableError)})`;
  }
  tell(`${outcome}, because: ${reasonOf(error)}`);
  findableBy({ Outcome: outcome === 'disabled again' ? 'restored' : 'not restored' });
  return undoneFailure(error, {
    type: 'ReenableFailed',
    outcome: `The task was ${outcome}`,
    details: { restored: outcome === 'disabled again' },
  });
}
