import { requestersOf, type GivenApproval, type Refusal, type Round } from './approval-judge.ts';
import { plain } from './plain-text.ts';

/** The answer to the query `approval`: the approval that waits, or the last one. */
export interface ApprovalStatus {
  readonly state: 'none' | 'waiting' | 'approved' | 'rejected' | 'expired' | 'cancelled';
  readonly approvalId?: string;
  readonly title?: string;
  readonly reason?: string;
  readonly plan?: unknown;
  readonly planHash?: string;
  readonly policy?: Round['policy'];
  /** Who may approve; absent: anybody. */
  readonly approvers?: readonly string[];
  /** Who may not, having asked for it. */
  readonly requesters?: readonly string[];
  readonly deadline?: string;
  readonly by: readonly GivenApproval[];
  readonly refused: readonly Refusal[];
  /** Notices and tokens that could not be delivered. */
  readonly undelivered?: readonly string[];
  /** What to send as `approve` or `reject`. */
  readonly payload?: object;
}

const MAX_PLAN_SHOWN = 8_000;
const MAX_REFUSED_SHOWN = 20;

export function approvalStatus(round: Round | undefined, early: readonly Refusal[]): ApprovalStatus {
  if (!round) return { state: 'none', by: [], refused: early };
  const { id, title, reason, plan, planHash, policy, approvers, deadline, by, refused, undelivered, decision } = round;
  return {
    state: decision ?? 'waiting',
    approvalId: id,
    title,
    ...(reason === undefined ? {} : { reason }),
    plan,
    planHash,
    policy,
    ...(approvers ? { approvers } : {}),
    requesters: requestersOf(round),
    deadline: new Date(deadline).toISOString(),
    by,
    refused,
    ...(undelivered.length > 0 ? { undelivered } : {}),
    ...(decision === undefined ? { payload: payloadFor(round) } : {}),
  };
}

function payloadFor({ policy, planHash }: Round): object {
  return {
    approver: '<your name>',
    comment: '',
    planHash,
    ...(policy.minTrust === 'token' ? { token: '<your token>' } : {}),
  };
}

/** An approval in Markdown, for the Web UI's Current Details: what is asked, what has been said, what to paste. */
export function describeApproval(round: Round): string {
  const { around, title, reason, plan, planHash, policy, by, refused, undelivered, decision, deadline } = round;
  const waiting = decision === undefined;
  const shown = JSON.stringify(plan, null, 2) ?? 'null';
  return [
    ...(around ? [around, '', '---', ''] : []),
    `### ${waiting ? 'Waiting for approval' : `Approval ${decision}`}: ${plain(title)}`,
    '',
    ...(reason === undefined ? [] : [`Why: ${plain(reason)}`, '']),
    `- asked by ${requestersOf(round).map(plain).join(', ') || 'unknown'}`,
    `- may approve: ${mayApprove(round)}`,
    `- it takes ${policy.quorum} (policy \`${policy.name}\`, trust \`${policy.minTrust}\`)`,
    `- until ${new Date(deadline).toISOString()}; after that it is denied`,
    `- approvalId \`${round.id}\``,
    `- planHash \`${planHash}\``,
    '',
    '**The plan**',
    '',
    '```json',
    shown.length > MAX_PLAN_SHOWN ? `${shown.slice(0, MAX_PLAN_SHOWN)}\n… the whole of it: query approval` : shown,
    '```',
    ...by.map(({ actor, trust, at, comment }) => {
      const said = decision === 'rejected' ? 'rejected' : 'approved';
      return `- ${said} by **${plain(actor)}** (${trust}) at ${at}${comment ? `: ${plain(comment)}` : ''}`;
    }),
    ...refused
      .slice(-MAX_REFUSED_SHOWN)
      .map(({ actor, why, at }) => `- refused: **${plain(actor)}** at ${at}: ${plain(why)}`),
    ...undelivered.map((what) => `- not delivered: ${plain(what)}`),
    ...(waiting ? howToAnswer(round) : []),
  ].join('\n');
}

function mayApprove(round: Round): string {
  const { policy, approvers } = round;
  const who = approvers ? approvers.map(plain).join(', ') : 'anybody';
  if (!policy.forbidRequester) return who;
  const unknown = requestersOf(round).length === 0;
  return `${who}, but not who asked for it${unknown ? ' (**nobody knows who that is**)' : ''}`;
}

function howToAnswer(round: Round): string[] {
  return [
    '',
    '**To approve**: *More Actions* → *Send a Signal* → `approve` (or `reject`), and paste this as its input with your own name:',
    '',
    '```json',
    JSON.stringify(payloadFor(round), null, 2),
    '```',
    '',
    'If nothing happens, press *Submit* again.',
  ];
}
