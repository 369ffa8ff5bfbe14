import {
  ApplicationFailure,
  CancellationScope,
  condition,
  defineQuery,
  defineSignal,
  defineUpdate,
  isCancellation,
  log,
  metricMeter,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { approvalPolicy, hashPlan, readRequester } from '../proxies.ts';
import { claimedName, readDecide, readDecision, type Decision, type DecideInput } from './approval-decision.ts';
import { approvalStatus, describeApproval, type ApprovalStatus } from './approval-details.ts';
import {
  judgeDecision,
  late,
  refuse,
  voidApprovals,
  type Arrival,
  type DecideResult,
  type GivenApproval,
  type Refusal,
  type Round,
} from './approval-judge.ts';
import { announce, sendTokens } from './approval-notices.ts';
import { waitForDecision } from './approval-wait.ts';
import { durationMs } from './duration.ts';
import { failureMessage } from './failure-type.ts';
import { findableBy } from './search-attributes.ts';

/**
 * Asks people and waits for what they say. Silence is denial, a decision is final, and every attempt is on record.
 *
 * A workflow calls `openApprovals` before anything else, so that what is said too early is refused instead of waiting for
 * its moment, and `requireApproval` (or `requestApproval`, where a denial is an answer) when it needs one.
 */
export interface ApprovalRequest {
  /** What is asked, in a few words; a function where it changes with the plan. */
  readonly title: string | (() => string);
  /** A function where it changes with the plan. */
  readonly reason?: string | (() => string) | undefined;
  /** Everything that the approver must know and that will be done: plain JSON. Its hash is what is approved. */
  readonly plan: unknown;
  /** Default: the policy named `default`. */
  readonly policy?: string | undefined;
  /** Whom the input names as requester; whoever started the workflow counts as one too. */
  readonly requestedBy?: string | undefined;
  /** Markdown that stands above the approval in Current Details; a function where it changes with the plan. */
  readonly describeAround?: string | (() => string) | undefined;
  /** The plan as it would be now, asked for when the approvals are there. If it has changed, they are void and it is asked again. */
  readonly replan?: () => Promise<unknown>;
}

export interface ApprovalOutcome {
  readonly decision: 'approved' | 'rejected' | 'expired' | 'cancelled';
  /** Who decided: the approvers, or who rejected it. */
  readonly by: readonly GivenApproval[];
  /** Who was refused and why: at most 100. Goes on growing until the workflow ends. */
  readonly refused: readonly Refusal[];
}

export const approve = defineSignal<[Decision]>('approve');
export const reject = defineSignal<[Decision]>('reject');
export const decide = defineUpdate<DecideResult, [DecideInput]>('decide');
export const approval = defineQuery<ApprovalStatus>('approval');

const EXAMPLE = '{"approver": "bob@example.com", "comment": "window agreed", "planHash": "sha256:…"}';
const MAX_ROUNDS = 5;

/** What is known of all approvals of one workflow. */
interface Desk {
  /** Signals so far, by name: the n-th handled is the n-th in history. */
  readonly signals: { approve: number; reject: number };
  /** The approval that waits, or the last one that did. */
  round?: Round;
  rounds: number;
  /** What was said before anything was asked. */
  readonly early: Refusal[];
  /** Decisions are judged one after another. */
  queue: Promise<unknown>;
  queued: number;
}

/** Each workflow has global variables of its own; the modules all workflows of a worker have in common. */
const own = globalThis as { approvalDesk?: Desk };

/** Takes in decisions from now on. To be called at the very start of a workflow. */
export function openApprovals(): void {
  openDesk();
}

function openDesk(): Desk {
  if (own.approvalDesk) return own.approvalDesk;
  const open: Desk = (own.approvalDesk = {
    signals: { approve: 0, reject: 0 },
    rounds: 0,
    early: [],
    queue: Promise.resolve(),
    queued: 0,
  });
  for (const [name, signal] of Object.entries({ approve, reject }) as ['approve' | 'reject', typeof approve][]) {
    const handle = (payload: unknown) => {
      const n = (open.signals[name] += 1);
      void receive(open, payload, { decision: name, signal: { name, n } }, readDecision(payload));
    };
    setHandler(signal, handle, {
      description: `${name === 'approve' ? 'Approves' : 'Rejects'} what is asked in Current Details. Input: ${EXAMPLE}`,
    });
  }
  const handleDecide = async (payload: unknown): Promise<DecideResult> => {
    const read = readDecide(payload);
    return typeof read === 'string'
      ? { counted: false, why: read }
      : receive(open, payload, { decision: read.decision }, read.said);
  };
  setHandler(decide, handleDecide, {
    validator: (payload) => {
      const read = readDecide(payload);
      if (typeof read === 'string') throw ApplicationFailure.nonRetryable(read, 'InvalidInput');
    },
    description: `Approves or rejects, and answers. Where the policy asks for a verified sender, send the signal instead. Input: {"decision": "approve", ${EXAMPLE.slice(1)}`,
  });
  setHandler(approval, () => approvalStatus(open.round, open.early), {
    description: 'What is asked, who may approve, what has been said',
  });
  return open;
}

/** Fails at once if there is no such policy: to be called before anything is done that would have to be undone. */
export async function checkPolicy(policy: string | undefined): Promise<void> {
  await approvalPolicy({ name: policy });
}

/** Asks, and goes on only if it is approved; everything else is the failure `ApprovalDenied`, with the outcome as its details. */
export async function requireApproval(request: ApprovalRequest): Promise<ApprovalOutcome> {
  const outcome = await requestApproval(request);
  if (outcome.decision === 'approved') return outcome;
  const [who] = outcome.by;
  const by = who ? ` by ${who.actor}${who.comment ? `: ${who.comment}` : ''}` : '';
  throw ApplicationFailure.create({
    type: 'ApprovalDenied',
    nonRetryable: true,
    message: `${textOf(request.title)}: ${outcome.decision}${by}`,
    details: [outcome],
  });
}

/** Asks, waits and returns what was decided. A cancellation denies it and passes on. One at a time. */
export async function requestApproval(request: ApprovalRequest): Promise<ApprovalOutcome> {
  const open = openDesk();
  let { plan } = request;
  const refused: Refusal[] = [];
  for (let attempt = 1; attempt <= MAX_ROUNDS; attempt += 1) {
    const round = await ask(open, { ...request, plan }, refused);
    try {
      await waitForDecision(round, () => open.queued === 0);
      const newPlan = round.decision === 'approved' ? await request.replan?.() : undefined;
      if (newPlan === undefined || (await hashPlan(newPlan)) === round.planHash) return conclude(round);
      plan = newPlan;
      round.decision = 'cancelled';
      voidApprovals(round, 'approved, but the plan has changed since');
      log.warn('the plan has changed since it was approved', { approvalId: round.id });
    } catch (error) {
      round.decision = 'cancelled';
      await CancellationScope.nonCancellable(() => condition(() => open.queued === 0));
      voidApprovals(round, `approved, but it was ${isCancellation(error) ? 'cancelled' : 'given up'}`);
      conclude(round);
      throw error;
    }
  }
  findableBy({ ApprovalState: 'cancelled' });
  throw ApplicationFailure.nonRetryable(
    `${textOf(request.title)}: the plan changed ${MAX_ROUNDS} times while approvals were awaited`,
    'PlanChanged',
  );
}

const textOf = <T extends string | undefined>(text: T | (() => string)): T | string =>
  typeof text === 'function' ? text() : text;

async function ask(open: Desk, request: ApprovalRequest, refused: Refusal[]): Promise<Round> {
  // One after another: a workflow that fails of one local activity while others go on hangs until its task times out.
  const policy = await approvalPolicy({ name: request.policy });
  const planHash = await hashPlan(request.plan);
  const requester = await readRequester();
  const [around, reason] = [request.describeAround, request.reason].map(textOf);
  open.rounds += 1;
  refused.push(...open.early.splice(0));
  const round: Round = {
    id: `${workflowInfo().workflowId}/approval-${open.rounds}`,
    title: textOf(request.title),
    plan: request.plan,
    planHash,
    policy,
    requester,
    deadline: Date.now() + durationMs(policy.expiresAfter),
    tokens: [],
    delivering: new Set(),
    tokensSent: new Map(),
    undelivered: [],
    by: [],
    refused,
    ...(policy.approvers ? { approvers: policy.approvers } : {}),
    ...(reason === undefined ? {} : { reason }),
    ...(request.requestedBy === undefined ? {} : { requestedBy: request.requestedBy }),
    ...(around === undefined ? {} : { around }),
  };
  open.round = round;
  findableBy({ ApprovalState: 'waiting' });
  setCurrentDetails(describeApproval(round));
  announce(round, 'requested');
  sendTokens(round);
  return round;
}

function conclude(round: Round): ApprovalOutcome {
  const { decision = 'cancelled', by, refused } = round;
  round.tokens = [];
  findableBy({ ApprovalState: decision });
  setCurrentDetails(describeApproval(round));
  metricMeter.createCounter('algolia_ingestion_approvals', '', 'Approvals by how they ended').add(1, { decision });
  announce(round, decision);
  return { decision, by, refused };
}

/** Judges what was said, or refuses it at once where there is nothing to judge. */
function receive(
  open: Desk,
  payload: unknown,
  how: Pick<Arrival, 'decision' | 'signal'>,
  said: Decision | string,
): Promise<DecideResult> | DecideResult {
  const { round } = open;
  const arrivedAt = Date.now();
  const refuseAtOnce = (why: string) => {
    log.warn('refused a decision', { why });
    const refusal = { actor: claimedName(payload), why, at: new Date(arrivedAt).toISOString() };
    const refused = refuse(round ?? { refused: open.early }, refusal);
    if (round && round.decision === undefined) setCurrentDetails(describeApproval(round));
    return refused;
  };
  if (typeof said === 'string') return refuseAtOnce(said);
  if (!round) return refuseAtOnce('nothing has been asked yet');
  if (round.decision !== undefined) return refuseAtOnce(late(round.decision));
  open.queued += 1;
  const verdict = open.queue
    .then(() => CancellationScope.nonCancellable(() => judgeDecision(round, { ...how, said, arrivedAt })))
    .catch((error: unknown) => refuseAtOnce(`could not be judged: ${failureMessage(error)}`))
    .finally(() => {
      open.queued -= 1;
      if (round.decision !== undefined) return;
      setCurrentDetails(describeApproval(round));
      if (said.token !== undefined) sendTokens(round);
    });
  open.queue = verdict;
  return verdict;
}
