import { upsertSearchAttributes } from '@temporalio/workflow';

/** By what people find workflows. The server must know these names. */
export interface Searchable {
  AlgoliaAppId?: string | undefined;
  AlgoliaTaskId?: string | undefined;
  AlgoliaRunId?: string | undefined;
  AlgoliaIndex?: string | undefined;
  ApprovalState?: string | undefined;
  Outcome?: string | undefined;
}

/** One history event, however many are set. */
export function findableBy(attributes: Searchable): void {
  const pairs = Object.entries(attributes).filter(([, value]) => value);
  if (pairs.length > 0)
    upsertSearchAttributes(pairs.map(([name, value]) => ({ key: { name, type: 'KEYWORD' }, value: value as string })));
}
