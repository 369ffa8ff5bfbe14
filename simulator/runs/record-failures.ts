import type { World } from '../world.ts';

/** Records that are to fail when they are written, whatever they hold. */
export interface RecordFailure {
  readonly indexName?: string | undefined;
  readonly objectIDs?: ReadonlySet<string> | undefined;
  /** Every how many-th record; with `objectIDs` of those. */
  readonly every: number;
  readonly status: 'failed' | 'critical';
  readonly message: string;
  /** How many records are left to fail. */
  times: number;
  seen: number;
}

export interface RecordProblem {
  readonly objectID: string;
  readonly message: string;
  readonly status: 'failed' | 'critical';
}

export function injectedProblem(world: World, indexName: string, objectID: string): RecordProblem | undefined {
  for (const failure of world.recordFailures) {
    if (failure.times <= 0 || (failure.indexName !== undefined && failure.indexName !== indexName)) continue;
    if (failure.objectIDs && !failure.objectIDs.has(objectID)) continue;
    failure.seen += 1;
    if (failure.seen % failure.every !== 0) continue;
    failure.times -= 1;
    return { objectID, message: failure.message, status: failure.status };
  }
  return undefined;
}
