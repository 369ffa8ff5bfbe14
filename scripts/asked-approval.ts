import type { WorkflowHandle } from '@temporalio/client';
import type { ApprovalStatus } from '../src/workflows/steps/approval-details.ts';

/** What a workflow asks people for at the moment, if it does. */
export async function askedApproval(handle: Pick<WorkflowHandle, 'query'>): Promise<ApprovalStatus | undefined> {
  const status = await handle.query<ApprovalStatus>('approval').catch(() => undefined);
  return status?.state === 'waiting' ? status : undefined;
}
