import type { ResourceKind } from '../operations/resource-kinds.ts';

/** What is to be done, and nothing else: its hash is what people approve. */
export interface Plan {
  readonly applicationId: string;
  /** Whether what the manifest doesn't mention is deleted. */
  readonly prune: boolean;
  readonly counts: PlanCounts;
  /** In the order in which they are done. */
  readonly steps: readonly Step[];
}

/** A replacement is a create and a delete, and counts as neither. */
export interface PlanCounts {
  readonly create: number;
  readonly update: number;
  readonly replace: number;
  readonly delete: number;
  readonly unchanged: number;
}

export type Step = CreateStep | UpdateStep | DeleteStep;

/** One request. In its `body`, `{"$idOf": "sources[2]"}` is the id of what an earlier step makes of that entry. */
export interface CreateStep {
  readonly change: 'create';
  readonly kind: ResourceKind;
  /** The entry: `sources[2]`. */
  readonly place: string;
  readonly name: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** Others that are named so. */
  readonly besides?: readonly string[];
  /** The one that can't be changed into this, and is deleted in the end. */
  readonly replaces?: string;
  /** What can't be changed. */
  readonly differences?: readonly ShownDifference[];
}

export interface UpdateStep {
  readonly change: 'update';
  readonly kind: ResourceKind;
  readonly place: string;
  readonly name: string;
  readonly id: string;
  readonly differences: readonly ShownDifference[];
  readonly body: Readonly<Record<string, unknown>>;
  /** The body is all of the task, and what it leaves out is gone; save for the cursor, which is kept. */
  readonly whole?: true;
}

export interface DeleteStep {
  readonly change: 'delete';
  readonly kind: ResourceKind;
  readonly name: string;
  readonly id: string;
  readonly why: 'notInManifest' | 'replaced';
}

/** A long text differs by its lines, `-old` and `+new`; all else by its values. */
export type ShownDifference =
  | { readonly field: string; readonly is: unknown; readonly wanted: unknown }
  | { readonly field: string; readonly lines: readonly string[] };

/** A plan, and what is worth knowing besides. */
export interface Planned {
  readonly plan: Plan;
  /** What Algolia has of the manifest's sections and the manifest does not. */
  readonly foreign: readonly { readonly kind: ResourceKind; readonly id: string; readonly name: string }[];
  readonly notes: readonly string[];
}
