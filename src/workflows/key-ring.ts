import {
  allHandlersFinished,
  ApplicationFailure,
  condition,
  defineQuery,
  defineSignal,
  defineUpdate,
  makeContinueAsNewFunc,
  setCurrentDetails,
  setHandler,
  upsertMemo,
  workflowInfo,
} from '@temporalio/workflow';
import type { KeyRingTurn, TurnedKeyRing } from '../activities/key-ring-turns.ts';
import type { KeyRingState } from '../secrets/key-ring-state.ts';
import { describeKeyRing } from './steps/describe-key-ring.ts';
import { findableBy } from './steps/search-attributes.ts';
import { turns, wrongTurn } from './steps/turn-key-ring.ts';

/**
 * Knows which API key counts: references, fingerprints and an epoch, never a key. There is one for each application.
 * Workers read its memo, which takes no workflow task; whoever turns it names the epoch he has seen, so of two only one succeeds.
 * It starts with the first turn, never ends, and continues as new long before its history gets long.
 */
export type KeyRingInput = KeyRingState;

export const claim = defineUpdate<TurnedKeyRing, [object]>('claim');
export const promote = defineUpdate<TurnedKeyRing, [object]>('promote');
export const rollBack = defineUpdate<TurnedKeyRing, [object]>('rollBack');
export const endOverlap = defineUpdate<TurnedKeyRing, [object]>('endOverlap');
export const withdraw = defineUpdate<TurnedKeyRing, [object]>('withdraw');
export const release = defineUpdate<TurnedKeyRing, [object]>('release');
export const confirmEpoch = defineSignal<[WorkerNotice]>('confirmEpoch');
export const reportRefused = defineSignal<[WorkerNotice]>('reportRefused');
export const keyRingStatus = defineQuery<KeyRingState>('status');

/** What a worker says of itself. */
export interface WorkerNotice {
  readonly workerId: string;
  readonly epoch: number;
}

const ID_PREFIX = 'algolia-keyring/';
/** Each costs about five history events; the server suggests an end at 4,096. */
const MAX_MESSAGES = 400;
/** The memo holds them all. */
const MAX_WORKERS = 2_000;

const EMPTY: KeyRingState = {
  epoch: 0,
  current: { reference: 'configured' },
  overlap: false,
  confirmed: [],
  refusedTo: [],
  changes: [],
};

export async function keyRing(carriedOver?: KeyRingInput): Promise<void> {
  const { workflowId } = workflowInfo();
  if (!workflowId.startsWith(ID_PREFIX)) {
    throw ApplicationFailure.nonRetryable(
      `the key ring of an application starts by itself, as workflow ${ID_PREFIX}<application id>: start rotateApiKey instead`,
      'InvalidInput',
    );
  }
  const ring = startRing({ ...EMPTY, ...carriedOver });
  findableBy({ AlgoliaAppId: workflowId.slice(ID_PREFIX.length) });
  await condition(() => ring.messages >= MAX_MESSAGES || workflowInfo().continueAsNewSuggested);
  await condition(allHandlersFinished);
  await makeContinueAsNewFunc<typeof keyRing>({ memo: { keyRing: ring.state } })(ring.state);
}

interface Ring {
  state: KeyRingState;
  /** Updates and signals of this run. */
  messages: number;
}

function startRing(state: KeyRingState): Ring {
  const ring: Ring = { state, messages: 0 };
  const set = (next: KeyRingState) => {
    ring.state = next;
    upsertMemo({ keyRing: next });
    setCurrentDetails(describeKeyRing(next));
  };
  set(state);
  setHandler(keyRingStatus, () => ring.state, { description: 'Which key counts, by reference and fingerprint' });
  for (const [update, description] of UPDATES) {
    const name = update.name as KeyRingTurn['turn'];
    const turn = turns[name] as (state: KeyRingState, input: object, at: string) => KeyRingState | string;
    const handle = (input: object): TurnedKeyRing => {
      ring.messages += 1;
      const next = turn(ring.state, input, new Date().toISOString());
      if (typeof next === 'string') return { refused: next, ring: ring.state };
      if (next !== ring.state) set(next);
      return { ring: next };
    };
    setHandler(update, handle, {
      validator: (input) => {
        const wrong = wrongTurn(name, input);
        if (wrong) throw ApplicationFailure.nonRetryable(wrong, 'InvalidInput');
      },
      description,
    });
  }
  for (const [signal, list, description] of SIGNALS) {
    const handle = (notice?: WorkerNotice) => {
      ring.messages += 1;
      const { overlap, epoch } = ring.state;
      const known = ring.state[list];
      if (!overlap || notice?.epoch !== epoch || known.includes(notice.workerId) || known.length >= MAX_WORKERS) return;
      set({ ...ring.state, [list]: [...known, notice.workerId] });
    };
    setHandler(signal, handle, { description });
  }
  return ring;
}

const UPDATES = [
  [claim, 'Sent by rotateApiKey: takes the ring for one rotation'],
  [
    promote,
    'Makes another key the current one, without approval: {"toReference": "file:algolia/v8", "fingerprint": "1a2b3c4d", "expectEpoch": 3, "by": "ana@example.com"}. Rather start rotateApiKey',
  ],
  [
    rollBack,
    'Makes the previous key the current one again, as long as it counts: {"expectEpoch": 4, "by": "ana@example.com"}. Rather cancel rotateApiKey',
  ],
  [endOverlap, 'Sent by rotateApiKey: the previous key counts no longer'],
  [withdraw, 'Sent by rotateApiKey: a key is about to be deleted, so nobody can make it the current one meanwhile'],
  [release, 'Sent by rotateApiKey: the rotation is over'],
] as const;

const SIGNALS = [
  [confirmEpoch, 'confirmed', 'Sent by workers: this one uses no older key any more'],
  [reportRefused, 'refusedTo', 'Sent by workers: the current key was refused what the previous one was granted'],
] as const;
