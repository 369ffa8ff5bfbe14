import type { Simulator } from '../../simulator/index.ts';

export interface PushedBatch {
  readonly first: string;
  readonly records: number;
  readonly bytes: number;
  readonly at: string;
  /** 0: the client was gone before it was answered. */
  readonly status: number;
}

/** Every push to an index that the simulator has received, in order. */
export function pushedBatches({ world }: Pick<Simulator, 'world'>, indexName: string): PushedBatch[] {
  return world.requests
    .list({ operation: 'push' })
    .filter(({ path }) => path === `/1/push/${encodeURIComponent(indexName)}`)
    .map(({ body, at, status }) => {
      const { records } = body as { records: readonly { objectID: string }[] | Summary };
      return Array.isArray(records)
        ? { first: records[0]?.objectID ?? '', records: records.length, bytes: JSON.stringify(body).length, at, status }
        : {
            first: (records as Summary).first,
            records: (records as Summary).count,
            bytes: (records as Summary).bytes,
            at,
            status,
          };
    });
}

/** What the simulator keeps of a large batch. */
interface Summary {
  readonly count: number;
  readonly bytes: number;
  readonly first: string;
}
