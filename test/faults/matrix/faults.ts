import type { Fault } from '../../../simulator/faults/fault.ts';
import type { AlgoliaErrorType } from '../../../src/algolia/algolia-error.ts';

/** What a call comes to: an answer, or the one error that says what to do next. */
export type Outcome = 'answer' | AlgoliaErrorType;

/** Where connecting fails: before any byte of the request is written. */
export type ConnectionFault = 'refused' | 'unresolved' | 'untrusted';

/** One thing that may go wrong between the worker and Algolia, once. */
export interface MatrixFault {
  readonly name: string;
  readonly connection?: ConnectionFault;
  /** What the simulator does to the request. */
  readonly request?: Partial<Omit<Fault, 'id' | 'hits' | 'operation' | 'times' | 'after' | 'applies'>>;
  /** Whether the request has its effect at Algolia all the same. */
  readonly effect: 'none' | 'done';
  /** What a read or an idempotent call comes to. */
  readonly repeatable: Outcome;
  /** What a call comes to that may have its effect only once. */
  readonly once: Outcome;
  /** How long the next attempt is told to wait, in ms; absent: the caller's own backoff. */
  readonly waitMs?: number;
  /** No answer comes in time: tests take a worker that doesn't wait the whole 25 s. */
  readonly late?: boolean;
}

const HOUR_MS = 3_600_000;

const refused = (status: number, type: Outcome, more: object = {}): MatrixFault => ({
  name: String(status),
  request: { kind: 'status', status },
  effect: 'none',
  repeatable: type,
  once: type,
  ...more,
});
/** Nobody can tell whether the request had its effect. */
const unknown = { repeatable: 'AlgoliaUnavailable', once: 'AlgoliaAmbiguous' } as const;
const neverSent = { effect: 'none', repeatable: 'AlgoliaUnavailable', once: 'AlgoliaUnavailable' } as const;
const limited = (name: string, retryAfter: string | undefined, waitMs?: number) =>
  refused(429, 'AlgoliaRateLimited', {
    name: `429, Retry-After ${name}`,
    request: { kind: 'status', status: 429, headers: retryAfter === undefined ? {} : { 'retry-after': retryAfter } },
    ...(waitMs === undefined ? {} : { waitMs }),
  });

/** Every fault of the matrix in `docs/failures.md`, and what it comes to. */
export const matrixFaults: readonly MatrixFault[] = [
  { name: 'connection refused', connection: 'refused', ...neverSent },
  { name: 'DNS failure', connection: 'unresolved', ...neverSent },
  { name: 'TLS failure', connection: 'untrusted', ...neverSent },
  { name: 'reset before the answer', request: { kind: 'reset' }, effect: 'none', ...unknown },
  {
    name: 'reset during the body',
    request: { kind: 'reset', where: 'body', perform: true },
    effect: 'done',
    ...unknown,
  },
  {
    name: 'closed after the body',
    request: { kind: 'reset', where: 'end' },
    effect: 'done',
    repeatable: 'answer',
    once: 'answer',
  },
  { name: 'answer lost after the effect', request: { kind: 'loseAnswer' }, effect: 'done', ...unknown },
  { name: 'slow headers', request: { kind: 'hang' }, effect: 'none', late: true, ...unknown },
  { name: 'slow body', request: { kind: 'drip', ms: 300 }, effect: 'done', late: true, ...unknown },
  { name: 'truncated JSON', request: { kind: 'truncate' }, effect: 'done', ...unknown },
  { name: 'corrupt gzip', request: { kind: 'corruptGzip' }, effect: 'done', ...unknown },
  {
    name: 'wrong content type',
    request: { kind: 'wrongType' },
    effect: 'done',
    repeatable: 'answer',
    once: 'answer',
  },
  { name: 'HTML page, 200', request: { kind: 'html', status: 200 }, effect: 'none', ...unknown },
  { name: 'HTML error page, 502', request: { kind: 'html' }, effect: 'none', ...unknown },
  { name: 'empty 200', request: { kind: 'emptyBody' }, effect: 'done', ...unknown },
  { name: 'huge body', request: { kind: 'huge' }, effect: 'done', ...unknown },
  { name: 'invalid schema', request: { kind: 'invalidSchema', body: [] }, effect: 'done', ...unknown },
  { name: 'redirect', request: { kind: 'redirect' }, effect: 'none', ...unknown },
  refused(400, 'AlgoliaInvalid'),
  refused(401, 'AlgoliaAuth'),
  refused(403, 'AlgoliaAuth'),
  refused(404, 'AlgoliaInvalid'),
  refused(408, 'AlgoliaUnavailable', unknown),
  refused(409, 'AlgoliaInvalid'),
  refused(413, 'AlgoliaInvalid'),
  refused(422, 'AlgoliaInvalid'),
  refused(425, 'AlgoliaUnavailable', unknown),
  limited('in seconds', '2', 2_000),
  limited('as a date', new Date(0).toUTCString(), 1_000),
  limited('absent', undefined),
  limited('absurd', String(24 * HOUR_MS), 300_000),
  refused(500, 'AlgoliaUnavailable', unknown),
  refused(502, 'AlgoliaUnavailable', unknown),
  refused(503, 'AlgoliaUnavailable', unknown),
  refused(504, 'AlgoliaUnavailable', unknown),
];

/** Requests of a call that meets the fault once, with the retries of its class. What is ambiguous is looked after by the workflow. */
export const requestsOf: Readonly<Record<Outcome, number>> = {
  answer: 1,
  AlgoliaInvalid: 1,
  AlgoliaAuth: 1,
  AlgoliaRateLimited: 2,
  AlgoliaUnavailable: 2,
  AlgoliaAmbiguous: 1,
};

export const outcomeOf = (fault: MatrixFault, effect: 'read' | 'idempotent' | 'once'): Outcome =>
  effect === 'once' ? fault.once : fault.repeatable;
