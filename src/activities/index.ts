import { createClient, type AlgoliaClient, type ClientOptions } from '../algolia/client.ts';
import { loadApprovalPolicies, type ApprovalPolicies } from '../approvals/load-policies.ts';
import { SecretRef } from '../operations/operation.ts';
import type { RecordsAccess } from '../records/open-records.ts';
import type { ApiKeys } from '../secrets/api-keys.ts';
import { noKeyStore, type KeyStore } from '../secrets/key-store.ts';
import { createReadAlerts, createReportProblems } from './alert-book-reports.ts';
import { createApprovalPolicy, hashPlan } from './approval-policy.ts';
import { createDeliverToken, matchToken } from './approval-token.ts';
import { createAwaitRun } from './await-run.ts';
import { createCheckChannels } from './check-channels.ts';
import { createCheckInput } from './check-input.ts';
import { createChunkedPush } from './chunked-push.ts';
import { createDigestEvents } from './digest-events.ts';
import { compareCode } from './compare-code.ts';
import { createFindResources } from './find-resources.ts';
import { createFindTwins } from './find-twins.ts';
import { createAwaitIndexTask, createCopyIndexScopes, createDeleteIndex, createMoveIndex } from './index-operations.ts';
import { createAwaitRecords, createCountRecords, createInspectReplace } from './index-records.ts';
import { createSweepTemporaryIndices } from './index-sweep.ts';
import { createInspectConnectors } from './inspect-connectors.ts';
import { createInspectLeftovers } from './inspect-leftovers.ts';
import { inspectSchedules } from './inspect-schedules.ts';
import { createFindNewRuns, createInspectTask } from './inspect-task.ts';
import { createInspectTransformation } from './inspect-transformation.ts';
import { createKeyActivities } from './key-activities.ts';
import { createInspectRecords } from './inspect-records.ts';
import { createKeepVerdicts } from './keep-verdicts.ts';
import { createListTaskIDs } from './list-task-ids.ts';
import { createKeepFailedRecords } from './keep-failed-records.ts';
import { logAttempts } from './log-attempts.ts';
import { createManifestActivities } from './manifest-activities.ts';
import { createNotify, createPost } from './notify.ts';
import { createOperationActivities } from './operation-activities.ts';
import { createReadCode } from './read-code.ts';
import { readPushCheckpoint } from './read-push-checkpoint.ts';
import { createPushSlice } from './push-slice.ts';
import { createReadSender, readRequester } from './read-sender.ts';
import { awaitReplaceEnd } from './replace-lock.ts';
import { endlessRoom, type Room } from './room.ts';
import { createSearchRequest } from './search-request.ts';
import { createTakeOverCrons } from './take-over-crons.ts';
import { timeWindow } from './time-window.ts';
import { createTrySamples } from './try-samples.ts';

export interface ActivitiesOptions extends ClientOptions {
  readonly keys: ApiKeys;
  /** Where records to push may come from. Default: from nowhere but the input. */
  readonly records?: Pick<RecordsAccess, 'directory' | 'hosts'>;
  /** The values behind the key ring's references. Default: there are none, and no key can be rotated. */
  readonly keyStore?: KeyStore;
  /** Default: the built-in policy, and no channels. */
  readonly approvals?: ApprovalPolicies;
  /** Where the activities go on. Default: there is room for all. */
  readonly room?: Room;
}

/** Everything a worker can do: Algolia's operations by their names, and the few activities with a loop of their own. */
export function createActivities({
  keys,
  keyStore = noKeyStore,
  approvals = loadApprovalPolicies(undefined),
  records = { directory: undefined, hosts: [] },
  room = endlessRoom,
  ...options
}: ActivitiesOptions) {
  const client: AlgoliaClient = createClient(options);
  const { applicationId, reveal, userAgent } = options;
  const post = createPost({
    channels: approvals.channels,
    reveal: (reference) => reveal(new SecretRef(reference)),
    userAgent,
  });
  const searchRequest = createSearchRequest(client, keys);
  const access: RecordsAccess = { ...records, userAgent };
  const sweepTemporaryIndices = createSweepTemporaryIndices(searchRequest, applicationId);
  return logAttempts({
    ...createOperationActivities(client, keys),
    chunkedPush: createChunkedPush(client, keys),
    checkInput: createCheckInput(applicationId, approvals),

    inspectTask: createInspectTask(client, keys),
    findNewRuns: createFindNewRuns(client, keys),
    awaitRun: createAwaitRun(client, keys, room),
    digestEvents: createDigestEvents(client, keys),
    listTaskIDs: createListTaskIDs(client, keys),
    timeWindow,
    keepVerdicts: createKeepVerdicts(records.directory),

    findResources: createFindResources(client, keys),
    findTwins: createFindTwins(applicationId),
    ...createManifestActivities({
      client,
      keys,
      applicationId,
      reveal: (reference) => reveal(new SecretRef(reference)),
    }),
    inspectTransformation: createInspectTransformation(client, keys),
    trySamples: createTrySamples(client, keys),
    readCode: createReadCode(records.directory),
    compareCode,

    inspectRecords: createInspectRecords(access),
    pushSlice: createPushSlice(client, keys, access),
    readPushCheckpoint,
    keepFailedRecords: createKeepFailedRecords(access),

    inspectReplace: createInspectReplace(searchRequest),
    countRecords: createCountRecords(searchRequest),
    awaitRecords: createAwaitRecords(searchRequest),
    copyIndexScopes: createCopyIndexScopes(searchRequest),
    moveIndex: createMoveIndex(searchRequest),
    deleteIndex: createDeleteIndex(searchRequest),
    awaitIndexTask: createAwaitIndexTask(searchRequest),
    awaitReplaceEnd,
    sweepTemporaryIndices,

    ...createKeyActivities({ applicationId, client, keys, store: keyStore }),

    approvalPolicy: createApprovalPolicy(approvals),
    hashPlan,
    readRequester,
    readSender: createReadSender(),
    deliverToken: createDeliverToken(post),
    matchToken,
    notify: createNotify(post),

    checkChannels: createCheckChannels(approvals.channels),
    inspectConnectors: createInspectConnectors(client, keys),
    inspectLeftovers: createInspectLeftovers({ applicationId, client, keys, sweep: sweepTemporaryIndices }),
    inspectSchedules,
    takeOverCrons: createTakeOverCrons(client, keys),
    readAlerts: createReadAlerts(applicationId),
    reportProblems: createReportProblems(applicationId),
  });
}

export type Activities = ReturnType<typeof createActivities>;
