import { activityInfo, Context } from '@temporalio/activity';
import { firstRing, type HeldKey } from '../secrets/key-ring-state.ts';
import { readKeyRing } from '../secrets/read-key-ring.ts';
import type { Probe } from './probe-key.ts';

/** temporal.api.enums.v1.TaskQueueType */
const TASK_QUEUE_TYPES = [1, 2] as const;
/** temporal.api.enums.v1.DescribeTaskQueueMode */
const ENHANCED = 1;

export interface KeyUse {
  /** Of the key ring now. */
  readonly epoch: number;
  /** Whether the current key is still good for the one read. */
  readonly probe: Probe;
  /** The workers whose request it was refused, and the previous key was not. */
  readonly refusedTo: readonly string[];
  /** The workers that use it and no older one. */
  readonly confirmed: readonly string[];
  /** The identities of the workers that poll, or did so in the last five minutes, and have not said so. */
  readonly unconfirmed: readonly string[];
}

/** Looks at all that tells whether the promoted key does its work: the key itself, the ring, the workers. */
export function createInspectKeyUse(applicationId: string, probeKey: (key: HeldKey) => Promise<Probe>) {
  return async function inspectKeyUse({ key }: { key: Required<HeldKey> }): Promise<KeyUse> {
    const [probe, ring = firstRing, pollers] = await Promise.all([
      probeKey(key),
      readKeyRing(Context.current().client, applicationId),
      listPollers(),
    ]);
    const { epoch, refusedTo, confirmed } = ring;
    const unconfirmed = pollers.filter((identity) => !confirmed.includes(workerIdOf(identity)));
    return { epoch, probe, refusedTo, confirmed, unconfirmed };
  };
}

/**
 * Whoever polls the task queue of this worker, be it for workflows or for activities. A queue has several partitions and the plain
 * answer is of the first: a worker that happens to poll the others only is in the enhanced one, which says nothing of deployments.
 */
async function listPollers(): Promise<string[]> {
  const { client } = Context.current();
  const { taskQueue } = activityInfo();
  const request = { namespace: client.options.namespace, taskQueue: { name: taskQueue } };
  const [enhanced, ...plain] = await Promise.all([
    client.workflowService.describeTaskQueue({
      ...request,
      apiMode: ENHANCED,
      taskQueueTypes: [...TASK_QUEUE_TYPES],
      reportPollers: true,
      versions: { unversioned: true, allActive: true },
    }),
    ...TASK_QUEUE_TYPES.map((taskQueueType) => client.workflowService.describeTaskQueue({ ...request, taskQueueType })),
  ]);
  const everywhere = Object.values(enhanced.versionsInfo).flatMap(({ typesInfo }) => Object.values(typesInfo ?? {}));
  const pollers = [...everywhere, ...plain].flatMap((answer) => answer.pollers ?? []);
  return [...new Set(pollers.map(({ identity }) => identity ?? 'unknown'))];
}

/** A worker's identity ends with its id; another's doesn't, so it never counts as confirmed. */
const workerIdOf = (identity: string) => identity.split('#').at(-1) ?? '';
