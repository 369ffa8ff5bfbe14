import type { KeyRingTurn } from '../../activities/key-ring-turns.ts';
import type { KeyChange, KeyRingState } from '../../secrets/key-ring-state.ts';

/** How many changes of key the ring remembers. */
const MAX_CHANGES = 20;
/** Longer than it takes to delete the key, and than whoever has read its value before may take to make it the current one. */
const WITHDRAWN_MS = 120_000;
const REFERENCE = /^(configured|env:SECRET_\w+|file:.+)$/;

type Turn<N extends KeyRingTurn['turn']> = Omit<Extract<KeyRingTurn, { turn: N }>, 'turn'>;

/** The ring after a turn, or why it isn't turned. Pure; what has been done already is not done again. */
export const turns = {
  claim(ring: KeyRingState, { rotation, key, replaces }: Turn<'claim'>): KeyRingState | string {
    const holder = ring.rotation;
    if (holder?.rotationId === rotation.rotationId) return { ...ring, pending: key };
    if (holder && holder.rotationId !== replaces)
      return `another rotation is under way: workflow ${holder.workflowId} (${holder.rotationId})`;
    return { ...ring, rotation, pending: key, overlap: false, confirmed: [], refusedTo: [] };
  },

  promote(ring: KeyRingState, input: Turn<'promote'>, at: string): KeyRingState | string {
    const { toReference: reference, fingerprint, expectEpoch, by, fromFingerprint, overlap = false } = input;
    const { current, changes } = ring;
    if (changes.at(-1)?.by === by && current.reference === reference && current.fingerprint === fingerprint)
      return ring;
    if (ring.epoch !== expectEpoch) return movedOn(ring, expectEpoch);
    const { withdrawn } = ring;
    if (withdrawn?.fingerprint === fingerprint && Date.parse(at) - Date.parse(withdrawn.at) < WITHDRAWN_MS)
      return `the key ${fingerprint} is being deleted by ${withdrawn.by}: if it is still there in two minutes, try again`;
    const previous = { ...(fromFingerprint ? { fingerprint: fromFingerprint } : {}), ...current };
    return change(ring, { current: { reference, fingerprint }, previous, overlap }, by, at);
  },

  rollBack(ring: KeyRingState, input: Turn<'rollBack'>, at: string): KeyRingState | string {
    const by = `${input.by} rolled back`;
    if (ring.changes.at(-1)?.by === by) return ring;
    if (ring.epoch !== input.expectEpoch) return movedOn(ring, input.expectEpoch);
    if (!ring.overlap || !ring.previous) return 'the previous key counts no longer, so there is no way back';
    return change(ring, { current: ring.previous, previous: ring.current, overlap: false }, by, at);
  },

  endOverlap(ring: KeyRingState, { expectEpoch }: Turn<'endOverlap'>): KeyRingState | string {
    return ring.epoch === expectEpoch ? { ...ring, overlap: false } : movedOn(ring, expectEpoch);
  },

  withdraw(ring: KeyRingState, { fingerprint, by }: Turn<'withdraw'>, at: string): KeyRingState | string {
    const { current } = ring;
    if (current.fingerprint === fingerprint)
      return `the key ${fingerprint} is the current one, as ${current.reference}`;
    return { ...ring, withdrawn: { fingerprint, by, at } };
  },

  release(ring: KeyRingState, { by }: Turn<'release'>): KeyRingState | string {
    if (ring.rotation?.rotationId !== by) return ring;
    const { rotation: _rotation, pending: _pending, ...rest } = ring;
    return { ...rest, overlap: false, confirmed: [], refusedTo: [] };
  },
};

/** What is wrong with a turn's input, which may come from a person. */
export function wrongTurn(name: KeyRingTurn['turn'], input: unknown): string | undefined {
  if (typeof input !== 'object' || input === null) return `${name} takes one JSON object`;
  const given = input as Record<string, unknown>;
  if (name === 'claim') return isClaim(given) ? undefined : 'only rotateApiKey claims the key ring: start that instead';
  if (typeof given.by !== 'string' || given.by === '') return '"by" must say who asks for it';
  if (name === 'withdraw') return wrongFingerprint(given);
  if (name !== 'release' && !Number.isInteger(given.expectEpoch))
    return '"expectEpoch" must be the ring\'s present epoch';
  if (name !== 'promote') return undefined;
  if (typeof given.toReference !== 'string' || !REFERENCE.test(given.toReference))
    return '"toReference" must be a reference such as "file:algolia/v8". If it was the key itself, that is in Temporal\'s hands now: revoke it';
  return wrongFingerprint(given);
}

const wrongFingerprint = ({ fingerprint }: Readonly<Record<string, unknown>>) =>
  typeof fingerprint === 'string' && /^[0-9a-f]{8}$/.test(fingerprint)
    ? undefined
    : '"fingerprint" must be the eight hex digits of the key\'s fingerprint';

/** A handler that stumbled would stop the ring, and a claim by nobody would keep every rotation out. */
function isClaim({ rotation, key }: Readonly<Record<string, unknown>>): boolean {
  const { rotationId, workflowId } = (rotation ?? {}) as Record<string, unknown>;
  const { reference } = (key ?? {}) as Record<string, unknown>;
  return [rotationId, workflowId, reference].every((text) => typeof text === 'string' && text !== '');
}

function change(
  ring: KeyRingState,
  to: Pick<KeyRingState, 'current' | 'overlap'> & Required<Pick<KeyRingState, 'previous'>>,
  by: string,
  at: string,
): KeyRingState {
  const { pending: _pending, ...rest } = ring;
  const epoch = ring.epoch + 1;
  const made: KeyChange = { epoch, from: ring.current.reference, to: to.current.reference, by, at };
  return { ...rest, ...to, epoch, confirmed: [], refusedTo: [], changes: [...ring.changes, made].slice(-MAX_CHANGES) };
}

const movedOn = ({ epoch, changes }: KeyRingState, expected: number) =>
  `the key ring is at epoch ${epoch} and not ${expected}${changes.length > 0 ? `: changed by ${changes.at(-1)?.by}` : ''}`;
