import { createClient, type AlgoliaClient, type ClientOptions } from '../algolia/client.ts';
import { loadApprovalPolicies, type ApprovalPolicies } from '../approvals/load-policies.ts';
import { SecretRef } from '../operations/operation.ts';
import type { ApiKeys } from '../secrets/api-keys.ts';
import { createApprovalPolicy, hashPlan } from './approval-policy.ts';
import { createDeliverToken, matchToken } from './approval-token.ts';
import { createAwaitRun } from './await-run.ts';
import { createCheckInput } from './check-input.ts';
import { createDigestEvents } from './digest-events.ts';
import { createFindResources } from './find-resources.ts';
import { createFindNewRuns, createInspectTask } from './inspect-task.ts';
import { createNotify, createPost } from './notify.ts';
import { createOperationActivities } from './operation-activities.ts';
import { readRequester, readSender } from './read-sender.ts';

export interface ActivitiesOptions extends ClientOptions {
  readonly keys: ApiKeys;
  /** Default: the built-in policy, and no channels. */
  readonly approvals?: ApprovalPolicies;
}

/** Everything a worker can do: Algolia's operations by their names, and the few activities with a loop of their own. */
export function createActivities({ keys, approvals = loadApprovalPolicies(undefined), ...options }: ActivitiesOptions) {
  const client: AlgoliaClient = createClient(options);
  const { reveal, userAgent } = options;
  const post = createPost({
    channels: approvals.channels,
    reveal: (reference) => reveal(new SecretRef(reference)),
    userAgent,
  });
  return {
    ...createOperationActivities(client, keys),
    checkInput: createCheckInput(options.applicationId),
    inspectTask: createInspectTask(client, keys),
    findNewRuns: createFindNewRuns(client, keys),
    awaitRun: createAwaitRun(client, keys),
    digestEvents: createDigestEvents(client, keys),
    findResources: createFindResources(client, keys),
    approvalPolicy: createApprovalPolicy(approvals),
    hashPlan,
    readRequester,
    readSender,
    deliverToken: createDeliverToken(post),
    matchToken,
    notify: createNotify(post),
  };
}

export type Activities = ReturnType<typeof createActivities>;
