import { Runtime, Worker, type NativeConnection, type WorkerOptions, type WorkerPlugin } from '@temporalio/worker';
import { createRoom } from './activities/room.ts';
import { loadApprovalPolicies } from './approvals/load-policies.ts';
import { createDataConverter, payloadConverterPath } from './codec/data-converter.ts';
import type { Config } from './config.ts';
import { configuredActivities } from './configured-activities.ts';
import { activitiesGraceMs } from './end-in-time.ts';
import { joinKeyRing } from './join-key-ring.ts';
import { observeWorker } from './observe-worker.ts';
import type { Scrubber } from './secrets/scrubber.ts';
import { createSecretStore } from './secrets/secret-store.ts';
import { locateWorkflows } from './workflow-bundle.ts';
import { activitySlots, workerSlots } from './worker-slots.ts';
import { workerVersion } from './worker-version.ts';

const BUILT_IN_POLICY =
  "approvals: the built-in policy 'default' is in force: anybody may approve under any name but the requester's. Name your own policies in APPROVAL_POLICIES";

/** Where the halves meet: the workflows, and the activities that this configuration makes. */
export async function createWorker(
  config: Config,
  connection: NativeConnection,
  scrubber: Scrubber,
  overrides: Partial<WorkerOptions> = {},
): Promise<Worker> {
  const secrets = createSecretStore({ variables: config.secretVariables, directory: config.secretsDir, scrubber });
  const approvals = loadApprovalPolicies(config.approvalPolicies);
  if (approvals.builtInDefault) Runtime.instance().logger.warn(BUILT_IN_POLICY);
  const dataConverter = config.codecKeys.length > 0 ? createDataConverter(config.codecKeys) : undefined;
  const ring = await joinKeyRing({ config, connection, dataConverter, scrubber, secrets });
  const { client, keys, keyStore, identity, whileRunning } = ring;
  const keyRing: WorkerPlugin = { name: 'key-ring', runWorker: (worker, next) => whileRunning(() => next(worker)) };
  const { observe, interceptors, plugins } = await observeWorker({ config, connection, client, keys });
  const room = createRoom(activitySlots(config.slots));
  const activities = configuredActivities({ config, scrubber, secrets, keys, keyStore, approvals, observe, room });
  const { taskQueueActivitiesPerSecond } = config.rates;
  const workflows = overrides.workflowBundle
    ? {}
    : locateWorkflows({
        versioned: config.deployment !== undefined,
        encrypting: dataConverter !== undefined,
        tracing: config.tracing,
      });
  return Worker.create({
    connection,
    namespace: config.temporal.namespace,
    taskQueue: config.taskQueue,
    activities,
    identity,
    dataConverter: { ...dataConverter, payloadConverterPath },
    ...workflows,
    ...workerSlots(config.slots),
    ...workerVersion(config.deployment),
    ...(taskQueueActivitiesPerSecond === undefined
      ? {}
      : { maxTaskQueueActivitiesPerSecond: taskQueueActivitiesPerSecond }),
    interceptors: { ...workflows.interceptors, activity: [() => ({ inbound: room.interceptor }), ...interceptors] },
    // The heartbeat of a wait is the progress that people see; the default shows it half a minute late.
    maxHeartbeatThrottleInterval: '5s',
    shutdownGraceTime: activitiesGraceMs(config.shutdownGraceMs),
    ...overrides,
    plugins: [...plugins, keyRing, ...(overrides.plugins ?? [])],
  });
}
