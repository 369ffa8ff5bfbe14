import { condition, setCurrentDetails } from '@temporalio/workflow';
import { describeApproval } from './approval-details.ts';
import { voidApprovals, type Round } from './approval-judge.ts';
import { announce, sendTokens } from './approval-notices.ts';
import { durationMs } from './duration.ts';

/** Reminds and escalates until there is a decision, or no time left. The timers end with the approval they belong to. */
export async function waitForDecision(round: Round, allJudged: () => boolean): Promise<void> {
  const { remindEvery, escalateAfter, escalateTo } = round.policy;
  const remindEveryMs = remindEvery ? durationMs(remindEvery) : Infinity;
  let remindAt = Date.now() + remindEveryMs;
  let escalateAt = escalateAfter ? Date.now() + durationMs(escalateAfter) : Infinity;
  while (Date.now() < round.deadline) {
    const next = Math.min(round.deadline, remindAt, escalateAt);
    const summary = next === round.deadline ? 'approval deadline' : next === escalateAt ? 'escalation' : 'reminder';
    if (await condition(() => round.decision !== undefined, Math.max(next - Date.now(), 1), { summary })) break;
    const now = Date.now();
    if (now >= round.deadline) break;
    if (now >= escalateAt) {
      escalateAt = Infinity;
      if (round.approvers) round.approvers = [...round.approvers, ...escalateTo];
      announce(round, 'escalated');
      sendTokens(round);
    }
    if (now >= remindAt) {
      // A worker that was away sends one reminder, not all that it missed.
      while (remindAt <= now) remindAt += remindEveryMs;
      announce(round, 'reminder');
      sendTokens(round);
    }
    setCurrentDetails(describeApproval(round));
  }
  // What came in time is judged, even if that takes until after the deadline.
  await condition(allJudged);
  if (round.decision !== undefined) return;
  round.decision = 'expired';
  voidApprovals(round, `approved, but it expired before there were ${round.policy.quorum}`);
}
