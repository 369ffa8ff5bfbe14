import { ApplicationFailure, defineQuery, isCancellation, setCurrentDetails, setHandler } from '@temporalio/workflow';
import type { Checked, WorkflowInput } from '../activities/check-input.ts';
import { checkInput, once, repeatable } from './proxies.ts';
import { checkPolicy, openApprovals, requireApproval } from './steps/approval.ts';
import { attemptOnce } from './steps/attempt-once.ts';
import { failureMessage } from './steps/failure-type.ts';
import { plain } from './steps/plain-text.ts';
import { findableBy } from './steps/search-attributes.ts';

/**
 * Calls any single operation: from the Web UI's *Start Workflow*, or on a schedule.
 * Reads go through at once and are retried; whatever writes asks for `confirm`, its own name again; whatever deletes waits for an approval.
 * Returns what Algolia answers.
 */
export type CallOperationInput = WorkflowInput<'callOperation'>;

/** The answer to the query `status`. */
export interface CallOperationStatus {
  readonly operation: string;
  readonly step: 'checking the input' | 'waiting for approval' | 'calling' | 'done';
}

export const callOperationStatus = defineQuery<CallOperationStatus>('status');

export async function callOperation(rawInput: CallOperationInput): Promise<unknown> {
  let step: CallOperationStatus['step'] = 'checking the input';
  setHandler(callOperationStatus, () => ({ operation: String(rawInput?.operation), step }), {
    description: 'What is called, and how far that is',
  });
  if (/delete/i.test(String(rawInput?.operation))) openApprovals();
  const input = await checkInput('callOperation', rawInput);
  const { operation, params, effect, applicationId } = input;
  findableBy({ AlgoliaAppId: applicationId });
  setCurrentDetails(`\`${operation}\`${input.reason ? `: ${plain(input.reason)}` : ''}`);
  const ended = (Outcome: string) => {
    if (input.tellsOutcome) findableBy({ Outcome });
  };
  try {
    if (input.deletes) {
      step = 'waiting for approval';
      await approveDelete(input);
    }
    step = 'calling';
    const answer = await call(operation, effect, params);
    step = 'done';
    ended('done');
    return answer;
  } catch (error) {
    ended(isCancellation(error) ? 'cancelled' : 'failed');
    throw error;
  }
}

async function call(operation: string, effect: Checked<'callOperation'>['effect'], params: unknown): Promise<unknown> {
  // Each attempt of chunkedPush goes on from where the one before it was sure.
  if (effect !== 'once' || operation === 'chunkedPush') return activityOf(repeatable, operation)?.(params);
  const attempt = await attemptOnce(async () => activityOf(once, operation)?.(params));
  if (attempt.outcome === 'done') return attempt.value;
  throw ApplicationFailure.nonRetryable(
    `${operation} was sent but not answered, so it may have taken effect: look before you start it again (${failureMessage(attempt.error)})`,
    'AlgoliaAmbiguous',
  );
}

/** `checkInput` knows that there is such an operation, and what its params are; the compiler can't. */
const activityOf = (activities: object, operation: string) =>
  (activities as Readonly<Record<string, (params: unknown) => Promise<unknown>>>)[operation];

/** People approve what they can see, so the plan shows what is to be deleted, as it is. */
async function approveDelete({ operation, params, approval, reason, requestedBy }: Checked<'callOperation'>) {
  await checkPolicy(approval?.policy);
  const read = operation === 'customDelete' ? undefined : operation.replace(/^delete/, 'get');
  const plan = async () => {
    const found = read && (await activityOf(repeatable, read)?.(params));
    return { operation, params, ...(found ? { deletes: summaryOf(found) } : {}) };
  };
  await requireApproval({
    title: operation,
    reason,
    plan: await plan(),
    replan: plan,
    policy: approval?.policy,
    requestedBy,
  });
}

/** What tells one resource from another; its configuration is nothing for a history. */
function summaryOf(resource: unknown): object {
  const shown = /ID$|^(name|type|enabled|createdAt|updatedAt)$/;
  return Object.fromEntries(Object.entries(resource as object).filter(([name]) => shown.test(name)));
}
