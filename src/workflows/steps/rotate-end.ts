import { ApplicationFailure, CancellationScope, sleep } from '@temporalio/workflow';
import type { Checked } from '../../activities/check-input.ts';
import type { HeldKey, KeyRingState } from '../../secrets/key-ring-state.ts';
import { onKeys } from '../proxies.ts';
import { follows } from './changes.ts';
import { formatDuration } from './duration.ts';
import { failureMessage, failureType, unwrap } from './failure-type.ts';
import { lookFor } from './look-for.ts';
import { isOwnCancellation } from './own-cancellation.ts';
import { keysOf, mintedKey, probeUntil } from './rotate-prepare.ts';
import { reportOf, type Rotation, type RotationOutcome, type RotationReport } from './rotate-state.ts';

type Input = Checked<'rotateApiKey'>;

/** By then no worker takes a key that was taken back for current any more, twice over. */
const FORGET_MS = 30_000;
/** The way back is not held up by an Algolia that doesn't answer. */
const LOOK_BACK_MS = 30_000;
/** Failures after which the new key stays: somebody else rules the ring by now, or nothing is wrong with the key. */
const NO_ROLL_BACK: ReadonlySet<string | undefined> = new Set(['RotationOvertaken', 'RotationIncomplete']);

/** Makes the new key the current one, unless the ring has moved on since it was looked at. */
export async function promoteKey(rotation: Rotation): Promise<void> {
  rotation.begin('promote');
  const { from, to, epoch } = keysOf(rotation);
  rotation.point = 'promoting';
  const { refused } = await onKeys.turnKeyRing({
    turn: 'promote',
    toReference: to.reference,
    fingerprint: to.fingerprint,
    fromFingerprint: from.fingerprint,
    expectEpoch: epoch,
    by: rotation.id,
    overlap: true,
  });
  if (refused !== undefined) {
    rotation.point = 'claimed';
    throw ApplicationFailure.nonRetryable(refused, 'RotationOvertaken');
  }
  rotation.promotedAt = Date.now();
  rotation.point = 'promoted';
  rotation.tell({ epoch: epoch + 1 });
}

/** From here on there is no way back: the old key stops counting, is deleted if that was asked for, and is tried a last time. */
export async function retireOldKey(rotation: Rotation, input: Input): Promise<RotationOutcome> {
  const { from, epoch } = keysOf(rotation);
  rotation.point = 'retiring';
  rotation.begin('revoke', input.revoke === 'leave' ? 'left, as asked' : '');
  const { refused } = await onKeys.turnKeyRing({ turn: 'endOverlap', expectEpoch: epoch + 1, by: rotation.id });
  if (refused !== undefined) throw ApplicationFailure.nonRetryable(refused, 'RotationOvertaken');
  rotation.tell({ overlapActual: formatDuration(Date.now() - rotation.promotedAt) });
  if (input.revoke === 'delete') {
    const { wasGone } = await onKeys.revokeKey({ key: from, adminReference: input.adminSecret ?? '' });
    if (wasGone) rotation.note('it was gone already');
  }
  rotation.begin('prove');
  const oldKey = await tryOldKey(rotation, input);
  rotation.tell({ oldKey });
  if (input.revoke === 'delete' && oldKey === 'accepted') {
    throw ApplicationFailure.nonRetryable(
      `the old key (${from.fingerprint}) was deleted, but Algolia still accepts it two minutes later: look at it in the dashboard`,
      'RotationIncomplete',
    );
  }
  await releaseRing(rotation);
  return input.revoke === 'delete' ? 'revoked' : 'left';
}

/** Somebody else has made another key the current one. */
const OVERTAKEN: ReadonlySet<string | undefined> = new Set(['RotationOvertaken', 'KeyInUse']);

/** Leaves behind what was there before the rotation, as far as that is the right thing. Returns what the rotation came to. */
export async function unwindRotation(rotation: Rotation, input: Input, error: unknown): Promise<RotationOutcome> {
  const reason = isOwnCancellation(error) ? 'cancelled' : failureMessage(error);
  rotation.tell({ reason });
  switch (rotation.point) {
    case 'unclaimed':
      return 'abandoned';
    case 'claimed':
      await discardNewKey(rotation, input);
      await releaseRing(rotation);
      return 'abandoned';
    case 'promoting':
    case 'promoted': {
      if (NO_ROLL_BACK.has(failureType(error))) {
        await leaveRing(rotation, input);
        return 'incomplete';
      }
      if (follows('look before going back') && (await isNoWayBack(rotation))) {
        rotation.tell({ reason: `${reason}; the old key is refused by now, so the new one stays` });
        await releaseRing(rotation);
        return 'incomplete';
      }
      const { epoch } = keysOf(rotation);
      const { refused, ring } = await onKeys.turnKeyRing({ turn: 'rollBack', expectEpoch: epoch + 1, by: rotation.id });
      if (refused === undefined) rotation.tell({ epoch: ring.epoch });
      else rotation.tell({ reason: `${reason}; and there was nothing to roll back: ${refused}` });
      if (rotation.minting !== 'no')
        await sleep(FORGET_MS, { summary: 'until every worker has let go of the new key' });
      await discardNewKey(rotation, input);
      await releaseRing(rotation);
      return refused === undefined ? 'rolledBack' : 'incomplete';
    }
    case 'retiring':
      await leaveRing(rotation, input);
      return 'incomplete';
  }
}

/** The old key is of no use any more, and the new one is. */
async function isNoWayBack(rotation: Rotation): Promise<boolean> {
  const { from, to } = keysOf(rotation);
  return (await lookBack(from)) === 'refused' && (await lookBack(to)) === 'accepted';
}

async function lookBack(key: HeldKey): Promise<'accepted' | 'refused' | 'unknown'> {
  try {
    const probe = await CancellationScope.withTimeout(LOOK_BACK_MS, () => onKeys.probeKey(key));
    return probe.accepted ? 'accepted' : 'refused';
  } catch (error) {
    // Its reference holds another key by now, or none.
    return ['KeyChanged', 'AlgoliaInvalid'].includes(failureType(error) ?? '') ? 'refused' : 'unknown';
  }
}

/** Why a rotation failed and what became of it; a cancellation stays one. */
export function toRotationFailure(rotation: Rotation, outcome: RotationOutcome, error: unknown): unknown {
  if (isOwnCancellation(error)) return error;
  const details: RotationReport & { outcome: RotationOutcome } = { outcome, ...reportOf(rotation) };
  const cause = unwrap(error);
  const why = rotation.status.reason ?? failureMessage(error);
  const { from, to } = rotation.status;
  const overtaken = OVERTAKEN.has(failureType(error));
  const result = {
    rolledBack: `rolled back: ${from} is current again`,
    incomplete: `${overtaken ? 'another key' : to} is current, and the old key was not revoked${overtaken ? '' : ' for sure'}`,
    abandoned: 'nothing was switched',
    revoked: '',
    left: '',
  }[outcome];
  return ApplicationFailure.create({
    type: outcome === 'rolledBack' ? 'RotationRolledBack' : (failureType(error) ?? 'RotationIncomplete'),
    nonRetryable: true,
    message: rotation.point === 'unclaimed' ? why : `${why} (${result})`,
    details: [details],
    ...(cause instanceof Error ? { cause } : {}),
  });
}

export async function releaseRing(rotation: Rotation): Promise<KeyRingState> {
  const { ring } = await onKeys.turnKeyRing({ turn: 'release', by: rotation.id });
  return ring;
}

/** Whoever has overtaken the rotation may go back to the key that it created, and runs may have begun with it: so that one stays. */
async function leaveRing(rotation: Rotation, input: Input): Promise<void> {
  const { current } = await releaseRing(rotation);
  if (rotation.minting === 'no' || current.fingerprint === keysOf(rotation).to.fingerprint) return;
  leaveNewKey(rotation, input, 'stays');
}

/** Nothing else lists it. */
function leaveNewKey(rotation: Rotation, { toSecret }: Input, why: string): void {
  const { id, keys, status } = rotation;
  const leftBehind = keys?.to ?? { reference: toSecret };
  const key = keys ? `${toSecret} (${keys.to.fingerprint})` : toSecret;
  const whatToDo = `delete it at Algolia, where it is called "rotateApiKey ${id}", and its file, once no run needs it`;
  rotation.tell({ leftBehind, reason: `${status.reason ?? ''}; the new key, ${key}, ${why}: ${whatToDo}` });
}

/** A key that was created for nothing is not left behind, nor is its file. One that somebody else has made stays theirs. */
export async function discardNewKey(rotation: Rotation, input: Input): Promise<void> {
  if (rotation.minting === 'no') return;
  const { keys } = rotation;
  const discard = () =>
    onKeys.discardMintedKey({
      ...mintedKey(rotation, input),
      ...(keys ? { fingerprint: keys.to.fingerprint } : {}),
    });
  try {
    const { deleted } = await discard();
    // What was created a moment ago shows later.
    if (deleted === 0 && rotation.minting === 'maybe' && follows('look again for the key to discard'))
      await lookFor(async () => Array.from({ length: (await discard()).deleted }));
  } catch (error) {
    const why = `could not be deleted again: ${failureMessage(error)}`;
    if (failureType(error) === 'KeyInUse')
      rotation.tell({ reason: `${rotation.status.reason ?? ''}; the new key ${why}` });
    else leaveNewKey(rotation, input, why);
  }
}

async function tryOldKey(rotation: Rotation, { revoke }: Input): Promise<'refused' | 'accepted' | 'unknown'> {
  const { from } = keysOf(rotation);
  try {
    const probe = revoke === 'delete' ? await probeUntil(false, from) : await onKeys.probeKey(from);
    return probe.accepted ? 'accepted' : 'refused';
  } catch (error) {
    // Its reference may hold another key by now, and there is nowhere else to take its value from.
    rotation.note(`the old key could not be tried: ${failureMessage(error)}`);
    return 'unknown';
  }
}
