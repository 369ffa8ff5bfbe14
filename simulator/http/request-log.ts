import type { Settings } from '../settings.ts';

/** One request as it is kept: without credentials. */
export interface LoggedRequest {
  readonly seq: number;
  readonly operation: string;
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly body: unknown;
  /** Real time, not the simulator's. */
  readonly at: string;
  readonly keyFingerprint: string | undefined;
  /** By which a trace could go on here. */
  readonly traceparent: string | undefined;
  /** 0 while it goes unanswered. */
  status: number;
  /** What was done to the answer on purpose. */
  fault?: string;
}

/** The last requests, and how many there have been of each operation. */
export class RequestLog {
  readonly #settings: Settings;
  #kept: LoggedRequest[] = [];
  #seq = 0;
  readonly counts: Record<string, number> = {};

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  add(request: Omit<LoggedRequest, 'seq' | 'at' | 'status'>): LoggedRequest {
    const entry: LoggedRequest = { ...request, seq: (this.#seq += 1), at: new Date().toISOString(), status: 0 };
    this.counts[entry.operation] = (this.counts[entry.operation] ?? 0) + 1;
    this.#kept.push(entry);
    // Dropping in bulk keeps the cost of one request constant.
    if (this.#kept.length > 2 * this.#settings.maxRequestsKept)
      this.#kept = this.#kept.slice(-this.#settings.maxRequestsKept);
    return entry;
  }

  /** The newest requests that are kept, oldest first. */
  list({
    operation,
    after = 0,
    limit,
  }: {
    operation?: string | undefined;
    after?: number;
    limit?: number;
  }): LoggedRequest[] {
    const found = this.#kept.filter(
      (entry) => entry.seq > after && (operation === undefined || entry.operation === operation),
    );
    return limit === undefined ? found : found.slice(-limit);
  }

  clear(): void {
    this.#kept = [];
    for (const name of Object.keys(this.counts)) delete this.counts[name];
  }
}
