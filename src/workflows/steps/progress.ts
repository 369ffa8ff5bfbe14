import { setCurrentDetails, setHandler, type QueryDefinition } from '@temporalio/workflow';

/** How far a workflow has come, as its query `status` answers and its Current Details show. */
export interface Progress<S> {
  readonly status: S;
  /** Returns the Current Details as they are then. */
  readonly tell: (change: Partial<S>) => string;
}

export interface ProgressOptions<S> {
  readonly query: QueryDefinition<S>;
  /** Of the query. */
  readonly description: string;
  readonly atTheStart: S;
  /** As Markdown. */
  readonly describe: (status: S) => string;
}

export function startProgress<S extends object>({
  query,
  description,
  atTheStart,
  describe,
}: ProgressOptions<S>): Progress<S> {
  const progress = {
    status: atTheStart,
    tell(change: Partial<S>) {
      progress.status = { ...progress.status, ...change };
      const details = describe(progress.status);
      setCurrentDetails(details);
      return details;
    },
  };
  setHandler(query, () => progress.status, { description });
  return progress;
}
