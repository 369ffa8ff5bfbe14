export const faultKinds = [
  'status',
  'reset',
  'hang',
  'truncate',
  'slow',
  'html',
  'loseAnswer',
  'corruptGzip',
  'redirect',
  'emptyBody',
  'invalidSchema',
  'wrongType',
  'drip',
  'huge',
] as const;
export type FaultKind = (typeof faultKinds)[number];

/** A request that may meet a fault. */
export interface FaultSubject {
  readonly operation: string;
  /** What it was sent with. */
  readonly apiKey: string | undefined;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly body: unknown;
}

/** What goes wrong with the next requests of an operation. */
export interface Fault {
  readonly id: number;
  /** An operation's name, or `*`. */
  readonly operation: string;
  readonly kind: FaultKind;
  /** How many requests are left to spoil. */
  times: number;
  /** How many fitting requests are left to spare first. */
  after: number;
  /** How many it has spoilt. */
  hits: number;
  /** Members of the path, query or body that must be as given. */
  readonly match: Readonly<Record<string, unknown>>;
  /** What `match` can't say: for tests in the same process. */
  readonly applies?: (subject: FaultSubject) => boolean;
  /** `status`, `html`, `redirect`: the answer's status. */
  readonly status?: number | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly message?: string | undefined;
  /** The answer's body, as JSON. */
  readonly body?: unknown;
  /** `slow` and `hang`: for how long (`hang` without it: for ever). `drip`: from one byte to the next. */
  readonly ms?: number | undefined;
  /** `slow`: what it waits for instead of a time. For tests in the same process. */
  readonly until?: Promise<unknown>;
  /** `reset`: before the answer, in the middle of it, or when it is complete. */
  readonly where: 'headers' | 'body' | 'end';
  /** `status`, `html`, `redirect`, `reset`: whether the request takes effect all the same. */
  readonly perform: boolean;
}

/** What a fault does unless it is told otherwise: it meets the next request of its operation, before it takes effect. */
export const PLAIN_FAULT = {
  times: 1,
  after: 0,
  match: {},
  headers: {},
  where: 'headers',
  perform: false,
} as const satisfies Partial<Fault>;

/** What there is to say of a fault that is to come. */
export type NewFault = Omit<Fault, 'id' | 'hits' | keyof typeof PLAIN_FAULT> &
  Partial<Pick<Fault, keyof typeof PLAIN_FAULT>>;
