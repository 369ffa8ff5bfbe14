import { Clock } from './clock.ts';
import { Collection } from './collection.ts';
import { FaultBook } from './faults/fault-book.ts';
import { RateLimit } from './http/rate-limit.ts';
import { RequestLog } from './http/request-log.ts';
import { ApiError } from './http/api-error.ts';
import type { Authentication, Destination, Source, Task, Transformation } from './resources/resource.ts';
import type { RecordFailure } from './runs/record-failures.ts';
import type { Run } from './runs/run.ts';
import type { RunScript } from './runs/run-script.ts';
import { IndexStore } from './search/index-store.ts';
import { KeyStore } from './search/key-store.ts';
import type { Settings } from './settings.ts';

/** Everything the simulator knows. A reset makes a new one and stops the old. */
export interface World {
  readonly applicationId: string;
  readonly settings: Settings;
  readonly clock: Clock;
  readonly authentications: Collection<Authentication>;
  readonly sources: Collection<Source>;
  readonly destinations: Collection<Destination>;
  readonly transformations: Collection<Transformation>;
  readonly tasks: Collection<Task>;
  readonly runs: Collection<Run>;
  readonly indices: IndexStore;
  readonly keys: KeyStore;
  readonly faults: FaultBook;
  readonly requests: RequestLog;
  readonly rateLimit: RateLimit;
  /** What the next runs of a task (or of any, under `*`) are told to do. */
  readonly scripts: RunScript[];
  readonly recordFailures: RecordFailure[];
  /** Records, or a URL, in place of what a source has that can't be reached from here; by sourceID. */
  readonly attached: Map<string, AttachedRecords>;
  /** Runs in a row that ended critically, by taskID. */
  readonly criticalRuns: Map<string, number>;
  /** Push runs that further pushes may join, by taskID and index. */
  readonly openPushRuns: Map<string, Run>;
  /** How to call off the next scheduled run, by taskID. */
  readonly cronAlarms: Map<string, () => void>;
  /** Rejects when this world is stopped, for requests that wait in it. */
  readonly ended: Promise<never>;
  stop(): void;
}

export type AttachedRecords = { readonly records: readonly Record<string, unknown>[] } | { readonly url: string };

export interface FirstKeys {
  readonly applicationId: string;
  readonly apiKey: string;
  readonly adminKey: string;
}

/** All that the worker's key needs, rotation aside; not `admin`. */
export const WORKER_ACL = [
  'addObject',
  'deleteObject',
  'deleteIndex',
  'settings',
  'editSettings',
  'listIndexes',
  'search',
  'browse',
];

export function createWorld({ applicationId, apiKey, adminKey }: FirstKeys, settings: Settings): World {
  const clock = new Clock();
  const keys = new KeyStore(clock);
  keys.add({ acl: [...WORKER_ACL, 'admin'], description: 'the first admin key' }, { value: adminKey });
  keys.add({ acl: WORKER_ACL, description: 'the first key' }, { value: apiKey });
  const { promise: ended, reject } = withRejecter();
  return {
    applicationId,
    settings,
    clock,
    keys,
    authentications: new Collection((item) => item.authenticationID),
    sources: new Collection((item) => item.sourceID, {
      authenticationID: ({ authenticationID }) => listOf(authenticationID),
    }),
    destinations: new Collection((item) => item.destinationID, {
      authenticationID: ({ authenticationID }) => listOf(authenticationID),
      transformationID: ({ transformationIDs }) => transformationIDs ?? [],
      indexName: ({ input }) => [input.indexName],
    }),
    transformations: new Collection((item) => item.transformationID, {
      authenticationID: ({ authenticationIDs }) => authenticationIDs ?? [],
    }),
    tasks: new Collection((item) => item.taskID, {
      sourceID: ({ sourceID }) => [sourceID],
      destinationID: ({ destinationID }) => [destinationID],
    }),
    runs: new Collection((item) => item.runID, { taskID: ({ taskID }) => [taskID] }),
    indices: new IndexStore(clock, settings),
    faults: new FaultBook(),
    requests: new RequestLog(settings),
    rateLimit: new RateLimit(settings),
    scripts: [],
    recordFailures: [],
    attached: new Map(),
    criticalRuns: new Map(),
    openPushRuns: new Map(),
    cronAlarms: new Map(),
    ended,
    stop: () => {
      clock.stop();
      reject(new ApiError(503, 'The simulator was reset while this request was waiting'));
    },
  };
}

const listOf = (id: string | undefined) => (id === undefined ? [] : [id]);

function withRejecter() {
  let reject: (reason: Error) => void = () => {};
  const promise = new Promise<never>((_, rejectPromise) => {
    reject = rejectPromise;
  });
  // Nobody need be waiting.
  promise.catch(() => {});
  return { promise, reject };
}
