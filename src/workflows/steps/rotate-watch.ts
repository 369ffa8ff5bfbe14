import {
  ApplicationFailure,
  CancellationScope,
  condition,
  isCancellation,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import type { Checked } from '../../activities/check-input.ts';
import type { KeyUse } from '../../activities/key-use.ts';
import { onKeys } from '../proxies.ts';
import { syncTask } from '../sync-task.ts';
import { durationMs } from './duration.ts';
import { failureMessage } from './failure-type.ts';
import { keysOf } from './rotate-prepare.ts';
import type { ForcedConvergence, Rotation } from './rotate-state.ts';
import { runChild } from './run-child.ts';

type Input = Checked<'rotateApiKey'>;

/** The soak is watched closely, the rest of the overlap so that a day of it costs little history. */
const LOOKS = { soak: 30, overlap: 24 } as const;
const SHORTEST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = { soak: 60_000, overlap: 3_600_000, others: 60_000 } as const;
/** Until then a worker that hasn't confirmed may still use the old key, as a canary must not. */
const CACHE_MS = 15_000;
/** A worker that neither confirms nor goes away for so long needs a person. */
const CONVERGE_WITHIN_MS = 24 * 3_600_000;

/** Watches the promoted key, and syncs a task with it if asked to. Throws `KeyRefused` or `CanaryFailed`. */
export async function soakKey(rotation: Rotation, input: Input): Promise<void> {
  rotation.begin('soak', `until ${new Date(rotation.promotedAt + durationMs(input.soak)).toISOString()} at least`);
  const scope = new CancellationScope();
  try {
    await scope.run(() => Promise.all([watchUntil(rotation, input.soak, 'soak'), syncCanary(rotation, input)]));
  } catch (error) {
    scope.cancel();
    throw error;
  }
}

/** Waits until every worker uses the new key and no older one, or is gone, or an operator takes it upon himself. */
export async function convergeWorkers(rotation: Rotation, forcing: Forcing): Promise<void> {
  rotation.begin('converge');
  const deadline = Date.now() + CONVERGE_WITHIN_MS;
  for (let pauseMs = SHORTEST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 1.5, LONGEST_PAUSE_MS.others)) {
    const { confirmed, unconfirmed } = await lookAtKey(rotation);
    const notForced = unconfirmed.filter((identity) => !forcing.workers().includes(identity));
    rotation.tell({
      waitingFor: notForced,
      workers: { acked: confirmed.length, forced: forcing.workers().length },
      ...(forcing.log.length > 0 ? { forced: forcing.log } : {}),
    });
    if (notForced.length === 0) return;
    if (Date.now() >= deadline) throw incomplete(`workers never confirmed the new key: ${notForced.join(', ')}`);
    forcing.offer(notForced);
    await condition(() => forcing.taken(), pauseMs, { summary: `for ${notForced.length} workers to get the new key` });
  }
}

/** The rest of the time in which both keys count. */
export async function overlapKeys(rotation: Rotation, input: Input): Promise<void> {
  rotation.begin('overlap', `until ${new Date(rotation.promotedAt + durationMs(input.overlap)).toISOString()}`);
  await watchUntil(rotation, input.overlap, 'overlap');
}

/** Runs that began before every worker had the new key may need the old one: nobody knows when Algolia reads it. */
export async function drainRuns(rotation: Rotation, input: Input, began: readonly string[]): Promise<void> {
  rotation.begin('drain');
  const deadline = Date.now() + durationMs(input.drainTimeout);
  for (let pauseMs = SHORTEST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 1.5, LONGEST_PAUSE_MS.others)) {
    const left = await onKeys.listRunsGoingOn({ among: began });
    rotation.tell({ runsLeft: left.length, runsDrained: began.length - left.length });
    await lookAtKey(rotation);
    if (left.length === 0) return;
    if (Date.now() >= deadline) {
      const why = `${left.length} runs that began before have not ended within ${input.drainTimeout}: ${left.slice(0, 10).join(', ')}`;
      if (!input.emergency) throw incomplete(why);
      rotation.note(why);
      return rotation.tell({ undrained: left });
    }
    await sleep(pauseMs, { summary: `for ${left.length} runs to end` });
  }
}

/** Everything is well with the promoted key; or `KeyRefused`, or `RotationOvertaken`. */
export async function lookAtKey(rotation: Rotation): Promise<KeyUse> {
  const { to, epoch } = keysOf(rotation);
  const use = await onKeys.inspectKeyUse({ key: to });
  if (use.epoch !== epoch + 1) {
    throw ApplicationFailure.nonRetryable(
      `the key ring is at epoch ${use.epoch} and not ${epoch + 1}: somebody else has switched the key meanwhile, so this rotation ends here`,
      'RotationOvertaken',
    );
  }
  if (!use.probe.accepted) throw keyRefused(`Algolia refuses it: ${use.probe.why}`);
  if (use.refusedTo.length > 0)
    throw keyRefused(`it was refused what the previous key was granted, to worker ${use.refusedTo.join(', ')}`);
  rotation.converged = use.unconfirmed.length === 0;
  return use;
}

/** What operators have taken upon themselves by `forceConverge`. */
export interface Forcing {
  readonly log: ForcedConvergence[];
  readonly workers: () => readonly string[];
  /** These are waited for: the next signal is about them. */
  readonly offer: (workers: readonly string[]) => void;
  /** Whether one has come since the last offer. */
  readonly taken: () => boolean;
  readonly take: (by: string, reason: string) => boolean;
}

export function startForcing(): Forcing {
  const log: ForcedConvergence[] = [];
  let offered: readonly string[] = [];
  return {
    log,
    workers: () => log.flatMap(({ workers }) => workers),
    offer: (workers) => {
      offered = workers;
    },
    taken: () => offered.length === 0,
    take(by, reason) {
      if (offered.length === 0) return false;
      log.push({ by, reason, at: new Date().toISOString(), workers: offered });
      offered = [];
      return true;
    },
  };
}

async function watchUntil(rotation: Rotation, sincePromotion: string, phase: keyof typeof LOOKS): Promise<void> {
  const until = rotation.promotedAt + durationMs(sincePromotion);
  const everyMs = Math.min(
    Math.max(durationMs(sincePromotion) / LOOKS[phase], SHORTEST_PAUSE_MS),
    LONGEST_PAUSE_MS[phase],
  );
  for (;;) {
    await lookAtKey(rotation);
    const leftMs = until - Date.now();
    if (leftMs <= 0) return;
    await sleep(Math.min(leftMs, everyMs), { summary: `${phase}: before looking at the new key again` });
  }
}

async function syncCanary(rotation: Rotation, { canaryTaskID: taskID }: Input): Promise<void> {
  if (taskID === undefined) return;
  while (!rotation.converged && Date.now() < rotation.promotedAt + CACHE_MS) {
    await sleep(SHORTEST_PAUSE_MS, { summary: 'canary: until the workers have the new key' });
    await lookAtKey(rotation);
  }
  try {
    const { verdict, runID, keyVersion } = await runChild(syncTask, {
      // A run that began with the old key proves nothing.
      args: [{ taskID, onBusy: 'wait' }],
      workflowId: `${workflowInfo().workflowId}/canary-${rotation.id}`,
      staticSummary: 'canary sync with the new API key',
    });
    rotation.tell({
      canary: { verdict, ...(runID ? { runID } : {}), ...(keyVersion ? { keyVersion } : {}) },
    });
  } catch (error) {
    if (isCancellation(error) && CancellationScope.current().consideredCancelled) throw error;
    throw ApplicationFailure.create({
      type: 'CanaryFailed',
      nonRetryable: true,
      message: `the canary sync of task ${taskID} failed: ${failureMessage(error)}`,
      ...(error instanceof Error ? { cause: error } : {}),
    });
  }
}

const incomplete = (why: string) => ApplicationFailure.nonRetryable(why, 'RotationIncomplete');

function keyRefused(why: string): ApplicationFailure {
  return ApplicationFailure.nonRetryable(`the new key does not do: ${why}`, 'KeyRefused');
}
