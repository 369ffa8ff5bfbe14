import { CancellationScope, log, workflowInfo } from '@temporalio/workflow';
import type { Notice } from '../../activities/notify.ts';
import { deliverToken, notify } from '../proxies.ts';
import { normalName } from './approval-decision.ts';
import { requestersOf, type Round } from './approval-judge.ts';
import { failureMessage } from './failure-type.ts';

export type ApprovalNews = 'requested' | 'reminder' | 'escalated' | 'approved' | 'rejected' | 'expired' | 'cancelled';

const WORDS: Readonly<Record<ApprovalNews, string>> = {
  requested: 'Approval wanted',
  reminder: 'Still waiting for approval',
  escalated: 'Escalated: approval wanted',
  approved: 'Approved',
  rejected: 'Rejected',
  expired: 'Expired without approval',
  cancelled: 'Approval cancelled',
};

/** Tells every channel of the policy. Nobody waits for it, and if it fails nothing else does. */
export function announce(round: Round, news: ApprovalNews): void {
  for (const channel of round.policy.notify) {
    inBackground(round, `${news} to ${channel}`, () => notify({ channel, notice: noticeOf(round, news) }));
  }
}

/** Nobody is sent more: a token that was given away with a mistake is replaced, but not for ever. */
const MAX_TOKENS_EACH = 20;

/** Sends a token to every approver who should have one and hasn't, or has used it up in vain. */
export function sendTokens(round: Round): void {
  if (round.policy.minTrust !== 'token') return;
  for (const approver of round.approvers ?? []) {
    const channel = round.policy.channelOf[approver];
    const name = normalName(approver);
    const has = round.tokens.some((token) => token.approver === approver) || round.delivering.has(name);
    const done = round.by.some(({ actor }) => normalName(actor) === name);
    const sent = round.tokensSent.get(name) ?? 0;
    if (!channel || has || done || sent >= MAX_TOKENS_EACH) continue;
    round.tokensSent.set(name, sent + 1);
    round.delivering.add(name);
    inBackground(round, `token to ${approver} by ${channel}`, async () => {
      try {
        const { hash } = await deliverToken({
          channel,
          notice: noticeOf(round, 'requested'),
          token: { approver, approvalId: round.id, planHash: round.planHash, deadline: round.deadline },
        });
        if (round.decision === undefined) round.tokens = [...round.tokens, { approver, hash }];
      } finally {
        round.delivering.delete(name);
      }
    });
  }
}

/** Detached from everything: not awaited, not cancelled, its failure only noted. */
function inBackground(round: Round, what: string, work: () => Promise<unknown>): void {
  CancellationScope.nonCancellable(work).catch((error: unknown) => {
    log.warn('a notice could not be delivered', { what, why: failureMessage(error) });
    round.undelivered.push(`${what}: ${failureMessage(error)}`);
  });
}

function noticeOf(round: Round, news: ApprovalNews): Notice {
  const { id, title, reason, plan, planHash, policy, approvers, deadline, by, refused } = round;
  const { workflowId, runId } = workflowInfo();
  const at = new Date().toISOString();
  const [who] = by;
  return {
    id: `${id}/${news}/${at}`,
    kind: `approval.${news}`,
    title: `${WORDS[news]}: ${title}`,
    text: [
      ...(reason ? [`Why: ${reason}`] : []),
      `Asked by ${requestersOf(round).join(', ') || 'unknown'}; may approve: ${approvers?.join(', ') ?? 'anybody'}; it takes ${policy.quorum}.`,
      ...(who ? [`${by.map(({ actor }) => actor).join(', ')}${who.comment ? `: ${who.comment}` : ''}`] : []),
      `Until ${new Date(deadline).toISOString()}. Workflow ${workflowId}, plan ${planHash}.`,
    ].join('\n'),
    at,
    workflowId,
    runId,
    details: { approvalId: id, plan, planHash, policy: policy.name, by, refused },
  };
}
