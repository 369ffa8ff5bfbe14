import { condition } from '@temporalio/workflow';
import type { ApprovalPolicy, Trust } from '../../approvals/policy.ts';
import type { Requester, Sender } from '../../activities/read-sender.ts';
import { matchToken, readSender } from '../proxies.ts';
import { isNamed, normalName, type Decision } from './approval-decision.ts';
import { failureMessage } from './failure-type.ts';

/** One question to people, from the moment it is asked. Its timers, tokens and answers belong to it alone. */
export interface Round {
  readonly id: string;
  readonly title: string;
  readonly reason?: string;
  /** Markdown to stand above it in Current Details. */
  readonly around?: string;
  readonly plan: unknown;
  readonly planHash: string;
  readonly policy: ApprovalPolicy;
  readonly requester: Requester;
  /** Whom the input names as requester. */
  readonly requestedBy?: string;
  /** ms on the workflow's clock. */
  readonly deadline: number;
  /** Who may approve by now; absent: anybody. */
  approvers?: readonly string[];
  /** Hashes of the tokens that may still be used. */
  tokens: readonly IssuedToken[];
  /** Approvers whose token is on its way. */
  readonly delivering: Set<string>;
  /** How many each approver was sent. */
  readonly tokensSent: Map<string, number>;
  /** Which notices could not be delivered, in words. */
  readonly undelivered: string[];
  by: GivenApproval[];
  readonly refused: Refusal[];
  decision?: 'approved' | 'rejected' | 'expired' | 'cancelled';
}

export interface IssuedToken {
  readonly approver: string;
  readonly hash: string;
}

export interface GivenApproval {
  readonly actor: string;
  readonly trust: Trust;
  /** ISO 8601. */
  readonly at: string;
  readonly comment?: string;
}

export interface Refusal {
  readonly actor: string;
  readonly why: string;
  /** ISO 8601. */
  readonly at: string;
}

/** What somebody said, and by which door it came in. */
export interface Arrival {
  readonly decision: 'approve' | 'reject';
  readonly said: Decision;
  /** It was the n-th signal of this name; absent: an update, which has no sender that could be trusted. */
  readonly signal?: { readonly name: string; readonly n: number };
  /** ms on the workflow's clock. */
  readonly arrivedAt: number;
}

/** The answer to the update `decide`. */
export type DecideResult =
  | { readonly counted: true; readonly state: string; readonly approvals: number; readonly quorum: number }
  | { readonly counted: false; readonly why: string };

/** More than this is not kept: whoever floods an approval must not flood its history. */
const MAX_REFUSED = 100;
/** A token may be pasted before the workflow has heard that it was delivered. */
const TOKEN_GRACE = '30s';

export function refuse({ refused }: Pick<Round, 'refused'>, refusal: Refusal): DecideResult {
  if (refused.length < MAX_REFUSED) refused.push(refusal);
  return { counted: false, why: refusal.why };
}

/** Counts what was said, or refuses it on record. Judged one after another, in the order of arrival. */
export async function judgeDecision(round: Round, arrival: Arrival): Promise<DecideResult> {
  const { said, decision } = arrival;
  if (round.decision !== undefined) {
    const actor = said.approver?.trim() ?? 'unknown';
    return refuse(round, { actor, why: late(round.decision), at: new Date(arrival.arrivedAt).toISOString() });
  }
  const tokenOwner = said.token === undefined ? undefined : await redeemToken(round, said.token, said.approver);
  const sender = arrival.signal && (await senderOf(arrival.signal, round.policy));
  const at = sender?.at ?? new Date(arrival.arrivedAt).toISOString();
  const { actor, trust, doubt } = whoIs(arrival, round.policy, sender, tokenOwner);
  const why =
    doubt ??
    closed(round, Date.parse(at)) ??
    aboutSomethingElse(round, said) ??
    notEntitled(round, actor, sender) ??
    (decision === 'approve' ? countedAlready(round, actor, sender) : undefined);
  if (why !== undefined) return refuse(round, { actor, why, at });

  const given = { actor, trust, at, ...(said.comment ? { comment: said.comment } : {}) };
  if (decision === 'reject') {
    voidApprovals(round, `approved, but it was rejected by ${actor}`);
    round.by = [given];
    round.decision = 'rejected';
  } else {
    round.by.push(given);
    if (sender?.principal) principals.set(given, sender.principal);
    if (round.by.length >= round.policy.quorum) round.decision = 'approved';
  }
  return {
    counted: true,
    state: round.decision ?? 'waiting',
    approvals: decision === 'approve' ? round.by.length : 0,
    quorum: round.policy.quorum,
  };
}

/** Approvals that came to nothing stay on record. */
export function voidApprovals(round: Round, why: string): void {
  for (const { actor, at } of round.by) refuse(round, { actor, why, at });
  round.by = [];
}

/** Whom the server vouched for, by the approval it was seen with. */
const principals = new WeakMap<GivenApproval, string>();

/** Whose token this is. It stands in history now, so it is worth nothing from here on, whatever becomes of the decision. */
async function redeemToken(round: Round, token: string, approver: string | undefined): Promise<string | undefined> {
  const onItsWay = () =>
    approver === undefined ? round.delivering.size > 0 : round.delivering.has(normalName(approver));
  const summary = 'for the delivery of the token';
  if (onItsWay()) await condition(() => !onItsWay() || round.decision !== undefined, TOKEN_GRACE, { summary });
  if (round.tokens.length === 0) return undefined;
  const { index } = await matchToken({
    token,
    issued: round.tokens,
    approvalId: round.id,
    planHash: round.planHash,
    deadline: round.deadline,
  });
  const found = round.tokens[index];
  round.tokens = round.tokens.filter((issued) => issued !== found);
  return found?.approver;
}

async function senderOf(
  signal: NonNullable<Arrival['signal']>,
  { minTrust }: ApprovalPolicy,
): Promise<Sender | undefined> {
  try {
    return await readSender(signal);
  } catch (error) {
    // Only where the sender decides nothing may it stay unknown.
    if (minTrust !== 'identity') return undefined;
    return { problem: `the sender could not be read: ${failureMessage(error)}` };
  }
}

interface Claim {
  readonly actor: string;
  readonly trust: Trust;
  /** Why it is not to be believed. */
  readonly doubt?: string;
}

function whoIs(
  { said, signal }: Arrival,
  { minTrust }: ApprovalPolicy,
  sender: Sender | undefined,
  tokenOwner: string | undefined,
): Claim {
  const senderName = sender?.principal ?? sender?.identity;
  const actor = said.approver?.trim() ?? senderName ?? 'unknown';
  const doubtful = (doubt: string, who = actor): Claim => ({ actor: who, trust: 'declared', doubt });

  if (said.token !== undefined) {
    if (tokenOwner === undefined)
      return doubtful('the token is not valid: used, mistyped, or of another approval, plan or time');
    if (said.approver !== undefined && !isNamed(said.approver, [tokenOwner]))
      return doubtful('the token was given to another approver; it is void now');
    return { actor: tokenOwner, trust: 'token' };
  }
  if (minTrust === 'token') return doubtful('the policy asks for the one-time token that was sent to the approver');
  if (minTrust === 'identity') {
    if (!signal) return doubtful('an update does not say who sent it: send the signal instead');
    if (sender?.problem) return doubtful(sender.problem);
    if (senderName === undefined)
      return doubtful('the signal does not say who sent it: sign in to the Web UI, or use a client with an identity');
    if (said.approver !== undefined && !isNamed(said.approver, [senderName]))
      return doubtful(`signed as ${said.approver}, but sent by ${senderName}`, senderName);
    return { actor: senderName, trust: 'identity' };
  }
  return said.approver === undefined
    ? doubtful("'approver' is missing: say who you are")
    : { actor, trust: 'declared' };
}

export const late = (decision: Round['decision'] & {}) => `late: the approval was ${decision} already`;

function closed(round: Round, at: number): string | undefined {
  if (round.decision !== undefined) return late(round.decision);
  return at >= round.deadline ? 'late: the approval has expired' : undefined;
}

function aboutSomethingElse(round: Round, { planHash, approvalId }: Decision): string | undefined {
  if (approvalId !== undefined && approvalId.trim() !== round.id)
    return `meant for approval ${approvalId}, not for ${round.id}`;
  if (planHash !== undefined && bareHash(planHash) !== bareHash(round.planHash))
    return 'the planHash is not that of the plan which is asked about';
  return undefined;
}

const bareHash = (hash: string) =>
  hash
    .trim()
    .toLowerCase()
    .replace(/^sha256:/, '');

/** Everybody who counts as having asked for it. */
export function requestersOf({ requester, requestedBy }: Pick<Round, 'requester' | 'requestedBy'>): string[] {
  const names = [requestedBy, requester.principal, requester.identity];
  return [...new Set(names.filter((name) => name !== undefined))];
}

function notEntitled(round: Round, actor: string, sender: Sender | undefined): string | undefined {
  const { policy, approvers } = round;
  const requesters = requestersOf(round);
  const isRequester =
    isNamed(actor, requesters) || (sender?.principal !== undefined && isNamed(sender.principal, requesters));
  if (policy.forbidRequester && isRequester) return 'who asked for it may not approve it';
  return approvers !== undefined && !isNamed(actor, approvers)
    ? `not an approver of the policy '${policy.name}'`
    : undefined;
}

function countedAlready(round: Round, actor: string, sender: Sender | undefined): string | undefined {
  const same = round.by.some(
    (given) =>
      isNamed(actor, [given.actor]) || (sender?.principal !== undefined && principals.get(given) === sender.principal),
  );
  return same ? 'has approved already, and counts once' : undefined;
}
