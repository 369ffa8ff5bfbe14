import type { IndexRecord } from '../resources/resource.ts';

/** One index of the simulated Search API, in memory. */
export interface SearchIndex {
  readonly name: string;
  records: Map<string, IndexRecord>;
  settings: Record<string, unknown>;
  rules: Map<string, IndexRecord>;
  synonyms: Map<string, IndexRecord>;
  readonly createdAt: string;
  updatedAt: string;
  pendingTasks: number;
}
