/** What a run, a push and an index task take, and what the simulator enforces. Changed by `POST /_simulator/clock` and `/settings`. */
export interface Settings {
  /** Divides all the durations below. */
  speed: number;
  runMs: number;
  /** From a push to its event. */
  pushMs: number;
  /** From a copy, move or settings change to `published`. */
  indexTaskMs: number;
  /** From creating an API key to its being accepted; deletion is at once. */
  keyMs: number;
  /** Whether tasks with a cron run by themselves. */
  cron: boolean;
  /** Records in one event of a run. */
  batchSize: number;
  quotas: Quotas | false;
  /** Requests a second that are answered; the others get a 429. */
  rateLimit: number | false;
  maxBodyBytes: number;
  maxRecordBytes: number;
  /** Whether answers above 1 KB are compressed for clients that accept it. */
  gzip: boolean;
  maxRequestsKept: number;
}

export interface Quotas {
  authentications: number;
  sources: number;
  destinations: number;
  tasksPerSource: number;
}

export const defaultSettings: Settings = {
  speed: 1,
  runMs: 2_000,
  pushMs: 200,
  indexTaskMs: 100,
  keyMs: 0,
  cron: true,
  batchSize: 100,
  quotas: { authentications: 200, sources: 100, destinations: 500, tasksPerSource: 10 },
  rateLimit: false,
  maxBodyBytes: 5 * 1024 * 1024,
  maxRecordBytes: 100_000,
  gzip: true,
  maxRequestsKept: 20_000,
};
