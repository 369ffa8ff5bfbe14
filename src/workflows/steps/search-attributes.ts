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

/** PostgreSQL and MySQL have no room for more, and then never learn that a workflow has ended. */
const MAX_CHARACTERS = 255;

/** One history event, however many are set. Values are cut and cleaned to what every server can keep. */
export function findableBy(attributes: Searchable): void {
  const pairs = Object.entries(attributes).flatMap(([name, value]: [string, string | undefined]) =>
    value ? [{ key: { name, type: 'KEYWORD' as const }, value: keepable(value) }] : [],
  );
  if (pairs.length > 0) upsertSearchAttributes(pairs);
}

/** PostgreSQL takes no NUL in a JSON text. */
const keepable = (value: string) => Array.from(value.replaceAll('\0', '\uFFFD')).slice(0, MAX_CHARACTERS).join('');
