import { ApplicationFailure, isCancellation, sleep, workflowInfo } from '@temporalio/workflow';
import type { Checked } from '../../activities/check-input.ts';
import type { Probe } from '../../activities/probe-key.ts';
import type { HeldKey } from '../../secrets/key-ring-state.ts';
import { onKeys, once } from '../proxies.ts';
import { attemptOnce } from './attempt-once.ts';
import { failureMessage } from './failure-type.ts';
import { lookFor } from './look-for.ts';
import type { Rotation } from './rotate-state.ts';

type Input = Checked<'rotateApiKey'>;

/** A key that was created or deleted a moment ago is known everywhere after this time. */
const PROPAGATION_MS = 120_000;
const PROBE_EVERY_MS = { first: 2_000, longest: 15_000 } as const;
const MAX_MINTS = 3;

/** Takes the key ring, and finds the new key where it was put; or has it created. */
export async function prepareKeys(rotation: Rotation, input: Input): Promise<void> {
  rotation.begin('prepare');
  const { toSecret: toReference, mint, adminSecret: adminReference } = input;
  const external = mint === 'external';
  const admin = adminReference === undefined ? {} : { adminReference };
  const compare = () => onKeys.compareKeys(external ? { toReference, ...admin } : admin);
  const compared = await compare();
  rotation.tell({
    from: compared.from.reference,
    to: toReference,
    fingerprints: { from: compared.from.fingerprint, ...(compared.to ? { to: compared.to.fingerprint } : {}) },
  });
  await claimRing(rotation, compared.to ?? { reference: toReference });
  // The ring may have turned between the look at it and the claim.
  const { epoch, from, to = await mintKey(rotation, input, compared.from) } = await compare();
  setKeys(rotation, { epoch, from, to });
}

/** What is rotated now; the result and Current Details tell just that. */
export function setKeys(rotation: Rotation, keys: NonNullable<Rotation['keys']>): void {
  const { from, to } = keys;
  rotation.keys = keys;
  rotation.tell({ from: from.reference, fingerprints: { from: from.fingerprint, to: to.fingerprint } });
}

/** Goes on only if the new key may do what ingestion needs. */
export async function probeNewKey(rotation: Rotation): Promise<void> {
  rotation.begin('probe');
  const { to } = keysOf(rotation);
  const probe = await probeUntil(true, to);
  if (probe.accepted) return;
  throw ApplicationFailure.nonRetryable(
    `the new key ${to.reference} (${to.fingerprint}) can't be used for ingestion: ${probe.why}. It needs the rights addObject, deleteIndex and editSettings`,
    'KeyRefused',
  );
}

/** Probes until Algolia says what is expected, or has had the time to. */
export async function probeUntil(accepted: boolean, key: HeldKey): Promise<Probe> {
  const giveUpAt = Date.now() + PROPAGATION_MS;
  for (let pauseMs: number = PROBE_EVERY_MS.first; ; pauseMs = Math.min(pauseMs * 2, PROBE_EVERY_MS.longest)) {
    const probe = await onKeys.probeKey(key);
    if (probe.accepted === accepted || Date.now() >= giveUpAt) return probe;
    await sleep(pauseMs, { summary: `before probing ${key.reference} again: keys take a moment to spread` });
  }
}

export function keysOf({ keys }: Rotation): NonNullable<Rotation['keys']> {
  if (!keys) throw ApplicationFailure.nonRetryable('the rotation has not been prepared', 'RotationBug');
  return keys;
}

async function claimRing(rotation: Rotation, key: HeldKey): Promise<void> {
  const { workflowId } = workflowInfo();
  // From the moment it is asked for: the answer may get lost.
  rotation.point = 'claimed';
  const { refused } = await onKeys.turnKeyRing({
    turn: 'claim',
    rotation: { rotationId: rotation.id, workflowId },
    key,
  });
  if (refused === undefined) return;
  rotation.point = 'unclaimed';
  throw ApplicationFailure.nonRetryable(refused, 'RotationUnderWay');
}

/** There is exactly one new key afterwards, also if the answer that told of it was lost. */
async function mintKey(rotation: Rotation, input: Input, from: Required<HeldKey>): Promise<Required<HeldKey>> {
  const minted = mintedKey(rotation, input);
  rotation.minting = 'maybe';
  const find = async () => {
    const found = await onKeys.findMintedKey(minted);
    return found ? [found] : [];
  };
  const [before] = await find();
  if (before) return before;
  let lastError: unknown;
  for (let mint = 1; mint <= MAX_MINTS; mint += 1) {
    const attempt = await attemptOnce(() => once.mintKey({ ...minted, from })).catch((error: unknown) => {
      if (!isCancellation(error)) rotation.minting = 'refused';
      throw error;
    });
    if (attempt.outcome === 'done') return attempt.value;
    lastError = attempt.error;
    const [found] = await lookFor(find);
    if (found) return found;
  }
  throw ApplicationFailure.nonRetryable(
    `creating the new key got no answer ${MAX_MINTS} times, and none appeared; last: ${failureMessage(lastError)}`,
    'AlgoliaAmbiguous',
  );
}

/** By what the key that this rotation creates is found. */
export function mintedKey({ id }: Rotation, { toSecret, adminSecret }: Input) {
  return { rotationId: id, toReference: toSecret, adminReference: adminSecret ?? '' };
}
