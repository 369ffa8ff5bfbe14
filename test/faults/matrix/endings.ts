import { outcomeOf, type MatrixFault, type Outcome } from './faults.ts';

export const effects = ['read', 'idempotent', 'once'] as const;
export type Effect = (typeof effects)[number];
export const matrixWorkflows = ['syncTask', 'provisionConnector', 'pushRecords', 'rotateApiKey'] as const;
export type MatrixWorkflow = (typeof matrixWorkflows)[number];

/** What a workflow comes to when one of its requests meets a fault once. */
export interface Ending {
  /** Requests of the operation that met the fault; absent: it is one that is asked again and again. */
  readonly requests?: number;
  readonly ending: string;
}

/** The operation of each workflow that meets the fault. */
export const targets: Readonly<Record<MatrixWorkflow, Readonly<Record<Effect, string>>>> = {
  syncTask: { read: '`getTask`', idempotent: '`disableTask`, when cancelled', once: '`runTask`' },
  provisionConnector: {
    read: '`tryTransformation`',
    idempotent: '`deleteSource`, when a later step failed',
    once: '`createSource`',
  },
  pushRecords: { read: '`getEvent`', idempotent: '`push` to an index', once: '`pushTask`' },
  rotateApiKey: {
    read: '`listTasks`, the probe of the new key',
    idempotent: '`deleteApiKey`, of the old key',
    once: '`addApiKey`, of the new key',
  },
};

const PASSED: Readonly<Record<MatrixWorkflow, Readonly<Record<Effect, string>>>> = {
  syncTask: {
    read: 'success; 1 run',
    idempotent: 'cancelled; task disabled, told disabled',
    once: 'success; 1 run',
  },
  provisionConnector: {
    read: 'done; one of each',
    idempotent: 'fails: AlgoliaInvalid; nothing left',
    once: 'done; one of each',
  },
  pushRecords: {
    read: '3 verified; 3 in the index',
    idempotent: '3 verified; 3 in the index',
    once: '3 verified; 3 in the index',
  },
  rotateApiKey: {
    read: 'revoked, old key refused; new key in force, 1 made, 1 deleted',
    idempotent: 'revoked, old key refused; new key in force, 1 made, 1 deleted',
    once: 'revoked, old key refused; new key in force, 1 made, 1 deleted',
  },
};

type Refused = 'AlgoliaInvalid' | 'AlgoliaAuth';

function whenRefused(workflow: MatrixWorkflow, effect: Effect, type: Refused): string {
  switch (workflow) {
    case 'syncTask':
      return effect === 'idempotent' ? 'cancelled; task enabled, told not disabled' : `fails: ${type}; no run`;
    case 'provisionConnector':
      return effect === 'idempotent'
        ? 'fails: AlgoliaInvalid; authentications, sources left, told'
        : `fails: ${type}; nothing left`;
    case 'pushRecords':
      if (effect === 'read') return `fails: ${type}, 0 failed, 0 verified, not complete; 3 in the index`;
      return type === 'AlgoliaAuth'
        ? 'fails: AlgoliaAuth, 0 failed, 0 verified, not complete; 0 in the index'
        : 'fails: PushFailed, 3 failed, 0 verified, not complete; 0 in the index';
    case 'rotateApiKey':
      // A key that was created a moment ago may be unknown for a while, so it is probed for two minutes.
      if (effect === 'read' && type === 'AlgoliaAuth') return PASSED.rotateApiKey.read;
      if (effect === 'idempotent') return `fails: ${type}; new key in force, 1 made, 0 deleted`;
      return `fails: ${type}; old key in force, 0 made, 0 deleted`;
  }
}

/** What is not as its outcome says, and why. */
const EXCEPTIONS: Readonly<Record<string, Partial<Ending>>> = {
  // A delete may be answered by nothing at all.
  'provisionConnector idempotent empty 200': { requests: 1 },
  // So the old key is gone, it says; but then it is still accepted.
  'rotateApiKey idempotent 404': { ending: 'fails: RotationIncomplete; new key in force, 1 made, 0 deleted' },
  // An event that isn't there yet is asked for again.
  'pushRecords read 404': { ending: PASSED.pushRecords.read },
};

/** What the table says of one cell. */
export function endingOf(workflow: MatrixWorkflow, effect: Effect, fault: MatrixFault): Ending {
  const outcome = outcomeIn(workflow, effect, fault);
  const polls = (workflow === 'pushRecords' || workflow === 'rotateApiKey') && effect === 'read';
  const ending = usualEnding(workflow, effect, outcome);
  const exception = EXCEPTIONS[`${workflow} ${effect} ${fault.name}`];
  return { ending, ...(polls ? {} : { requests: requestsIn(workflow, effect, outcome, fault.effect) }), ...exception };
}

/** For the API a push may have its effect only once; it is the records that make it the same twice. */
const outcomeIn = (workflow: MatrixWorkflow, effect: Effect, fault: MatrixFault): Outcome =>
  outcomeOf(fault, workflow === 'pushRecords' && effect === 'idempotent' ? 'once' : effect);

function usualEnding(workflow: MatrixWorkflow, effect: Effect, outcome: Outcome): string {
  if (workflow === 'pushRecords' && outcome === 'AlgoliaAmbiguous') return '3 verified, pushed twice; 3 in the index';
  if (outcome === 'AlgoliaInvalid' || outcome === 'AlgoliaAuth') return whenRefused(workflow, effect, outcome);
  return PASSED[workflow][effect];
}

function requestsIn(workflow: MatrixWorkflow, effect: Effect, outcome: Outcome, done: MatrixFault['effect']): number {
  // Whether the old key is still there is asked before it is deleted.
  if (workflow === 'rotateApiKey' && effect === 'idempotent' && done === 'done') return 1;
  if (outcome === 'AlgoliaRateLimited' || outcome === 'AlgoliaUnavailable') return 2;
  // What may have been done is looked for, and sent again only if it hasn't; a push is pushed again.
  if (outcome === 'AlgoliaAmbiguous') return done === 'none' || workflow === 'pushRecords' ? 2 : 1;
  return 1;
}
