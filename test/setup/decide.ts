import type { WorkflowHandle } from '@temporalio/client';
import { expect, vi } from 'vitest';
import { approval } from '../../src/workflows/steps/approval.ts';
import type { ApprovalStatus } from '../../src/workflows/steps/approval-details.ts';

/** What a workflow asks, once it does. */
export function asked(handle: Pick<WorkflowHandle, 'query'>): Promise<ApprovalStatus> {
  return vi.waitFor(
    async () => {
      const status = await handle.query(approval);
      expect(status.state).toBe('waiting');
      return status;
    },
    { timeout: 150_000, interval: 50 },
  );
}

/** Approves or rejects what a workflow asks as a person would: by a signal, with the hash of the plan shown. */
export async function answer(
  handle: Pick<WorkflowHandle, 'query' | 'signal'>,
  decision: 'approve' | 'reject',
  approver = 'bob',
): Promise<ApprovalStatus> {
  const status = await asked(handle);
  await handle.signal(decision, { approver, comment: `${decision} it`, planHash: status.planHash });
  return status;
}

/** Why a workflow failed. */
export async function failureOf(
  handle: Pick<WorkflowHandle, 'result'>,
): Promise<{ type?: string; name: string; message: string; details?: unknown[] }> {
  const error = await handle.result().then(
    () => expect.unreachable('the workflow should have failed'),
    (reason: unknown) => reason as { cause: { type?: string; name: string; message: string; details?: unknown[] } },
  );
  return error.cause;
}

/** The type of what a workflow failed of in the end: its own failure, or the one of an activity that it passed on. */
export async function failureTypeOf(handle: Pick<WorkflowHandle, 'result'>): Promise<string | undefined> {
  const failure = await failureOf(handle);
  return failure.type ?? (failure as { cause?: { type?: string } }).cause?.type;
}
