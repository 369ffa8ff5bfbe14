import { condition, defineSignal, executeChild, setHandler } from '@temporalio/workflow';
import {
  openApprovals,
  requestApproval,
  type ApprovalOutcome,
  type ApprovalRequest,
} from '../../../src/workflows/steps/approval.ts';

export type AskRequest = ApprovalRequest & { readonly title: string };

export interface AskInput {
  /** What to ask, one after another. */
  readonly requests: readonly AskRequest[];
  /** Waits for the signal `proceed` before and after each request. */
  readonly hold?: boolean;
  /** What the plan of the first request turns out to be each time it is looked at again. */
  readonly plans?: readonly unknown[];
}

export const proceed = defineSignal('proceed');

/** Asks, as every workflow that needs an approval does, and does nothing else. */
export async function ask({ requests, hold = false, plans }: AskInput): Promise<ApprovalOutcome[]> {
  openApprovals();
  let steps = 0;
  setHandler(proceed, () => void (steps += 1));
  const wait = async () => {
    if (!hold) return;
    await condition(() => steps > 0);
    steps -= 1;
  };
  const later = [...(plans ?? [])];
  const outcomes: ApprovalOutcome[] = [];
  await wait();
  for (const request of requests) {
    outcomes.push(await requestApproval({ ...request, ...(plans ? { replan: async () => later.shift() } : {}) }));
    await wait();
  }
  return outcomes;
}

/** Asks by a child workflow. */
export async function askByChild(input: AskInput): Promise<ApprovalOutcome[]> {
  return executeChild(ask, { args: [input], workflowId: `${input.requests[0]?.title}/child` });
}
