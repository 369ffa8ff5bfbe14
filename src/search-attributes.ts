import type { Searchable } from './workflows/steps/search-attributes.ts';

/** What workflows set and people search by, all of the type Keyword. A server must know them before a workflow starts. */
export const SEARCH_ATTRIBUTES = Object.keys({
  AlgoliaAppId: true,
  AlgoliaTaskId: true,
  AlgoliaRunId: true,
  AlgoliaIndex: true,
  ApprovalState: true,
  Outcome: true,
} satisfies Record<keyof Searchable, true>) as readonly (keyof Searchable)[];
