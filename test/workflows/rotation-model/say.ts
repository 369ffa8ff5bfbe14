import type { WorkflowHandle } from '@temporalio/client';
import { approval, decide } from '../../../src/workflows/steps/approval.ts';
import { APPROVE } from './foretell.ts';
import type { Saying } from './story.ts';
import { until } from './until.ts';

type Asking = Pick<WorkflowHandle, 'query' | 'signal' | 'executeUpdate'>;

/** Says something about the plan that is shown, and waits until it is judged; where people are asked again, for the next plan. */
export async function say(handle: Asking, saying: Saying, askedAgain: boolean): Promise<void> {
  const before = await handle.query(approval);
  await send(handle, saying, before.planHash);
  await until('it is heard', async () => {
    const after = await handle.query(approval);
    if (after.by.length + after.refused.length <= before.by.length + before.refused.length) return false;
    return !askedAgain || (after.state === 'waiting' && after.approvalId !== before.approvalId);
  });
}

export async function send(handle: Asking, saying: Saying, rightHash: string | undefined): Promise<void> {
  const { by, decision, approver, hash } = saying;
  const planHash = { right: rightHash, wrong: 'sha256:00', none: undefined }[hash];
  const said = { ...(approver ? { approver } : {}), ...(planHash ? { planHash } : {}) };
  if (by === 'signal') await handle.signal(decision, said);
  else await handle.executeUpdate(decide, { args: [{ decision, ...said }] });
}

/** How many decisions that took. */
export async function approveIfAsked(handle: Asking): Promise<number> {
  const { state, planHash } = await handle.query(approval);
  if (state !== 'waiting') return 0;
  const approvals = ['bob', 'carol'].map((approver) => send(handle, { ...APPROVE, approver }, planHash));
  return (await Promise.allSettled(approvals)).filter(({ status }) => status === 'fulfilled').length;
}
