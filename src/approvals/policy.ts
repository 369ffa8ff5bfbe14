/**
 * The vocabulary of approvals.
 *
 * - policy: who may approve, how many it takes, how sure we must be who they are, and how long to wait
 * - trust: `declared`: a name in the payload; `identity`: the sender that Temporal recorded; `token`: holds the one-time token that was sent to that approver alone
 * - channel: where a notice can be delivered
 */
export type Trust = 'declared' | 'identity' | 'token';

/** As a workflow gets it, and as its history then keeps it: names of channels, never their addresses. */
export interface ApprovalPolicy {
  readonly name: string;
  /** Who may approve; absent: anybody. */
  readonly approvers?: readonly string[];
  /** How many different approvers it takes. */
  readonly quorum: number;
  readonly forbidRequester: boolean;
  readonly minTrust: Trust;
  readonly remindEvery?: string;
  readonly escalateAfter?: string;
  /** Who may approve too, once it is escalated. */
  readonly escalateTo: readonly string[];
  readonly expiresAfter: string;
  /** The channels that hear of the request, reminders, escalation and decision. */
  readonly notify: readonly string[];
  /** The channel of each approver who has one of their own: where their token goes. */
  readonly channelOf: Readonly<Record<string, string>>;
}
