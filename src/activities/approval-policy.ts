import { ApplicationFailure } from '@temporalio/activity';
import type { ApprovalPolicies } from '../approvals/load-policies.ts';
import type { ApprovalPolicy } from '../approvals/policy.ts';
import { planHash } from '../approvals/plan-hash.ts';
import { didYouMean } from '../algolia/near-names.ts';

/** The policy of that name, as it is when the approval is asked for: history then keeps what was in force. */
export function createApprovalPolicy({ policies }: ApprovalPolicies) {
  return async function approvalPolicy({ name = 'default' }: { name?: string | undefined }): Promise<ApprovalPolicy> {
    const policy = policyOf(policies, name);
    if (policy) return policy;
    throw ApplicationFailure.nonRetryable(noSuchPolicy(policies, name), 'InvalidInput');
  };
}

type Policies = ApprovalPolicies['policies'];

export const policyOf = (policies: Policies, name: string): ApprovalPolicy | undefined =>
  Object.hasOwn(policies, name) ? policies[name] : undefined;

export function noSuchPolicy(policies: Policies, name: string): string {
  const names = Object.keys(policies);
  return `there is no approval policy '${name}'; this worker has ${names.join(', ')}. ${didYouMean(name, names)}`.trimEnd();
}

/** What an approval is bound to. An activity, since workflow code has no cryptography. */
export async function hashPlan(plan: unknown): Promise<string> {
  return planHash(plan);
}
