import { kindsInOrder, type ResourceKind } from '../operations/resource-kinds.ts';
import { checkBody } from './check-body.ts';
import { decideSection, type Decided } from './decide-entries.ts';
import { idOf, type Inventory } from './inventory.ts';
import type { Manifest } from './manifest.ts';
import { keyOf } from './match-entries.ts';
import { deletesOf, foreignOf, stillInUse } from './plan-deletes.ts';
import type { Planned, Step } from './plan.ts';
import { isImmutable } from './rules.ts';
import { shorten, showDifference } from './show-difference.ts';
import { updateBody } from './update-body.ts';

export interface PlanRequest {
  readonly manifest: Manifest;
  readonly inventory: Inventory;
  readonly applicationId: string;
  /** Whether what the manifest doesn't mention, or can't be changed as it says, is deleted. */
  readonly prune: boolean;
}

/** The manifest can't be applied to what there is, for these reasons. */
export class ManifestProblems extends Error {
  override readonly name = 'ManifestProblems';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}

/** What has to be done so that Algolia has what the manifest says. Throws {@link ManifestProblems}. */
export function planManifest({ manifest, inventory, applicationId, prune }: PlanRequest): Planned {
  if (manifest.applicationId !== undefined && manifest.applicationId !== applicationId)
    throw new ManifestProblems([
      `applicationId: the manifest is of ${manifest.applicationId}, and this worker serves ${applicationId}; leave the applicationId out to apply it all the same`,
    ]);
  const problems: string[] = [];
  const notes: string[] = [];
  const decided = {} as Record<ResourceKind, readonly Decided[]>;
  for (const kind of kindsInOrder)
    decided[kind] = decideSection(kind, { manifest, inventory, decided, problems, notes });
  const all = kindsInOrder.flatMap((kind) => decided[kind]);
  // What comes of entries that nobody knows the meaning of is not worth telling.
  if (problems.length > 0) throw new ManifestProblems(problems);

  if (!prune) problems.push(...all.filter(({ replaced }) => replaced).map(refuseReplacing));
  const foreign = foreignOf(manifest, inventory, all, notes);
  const deletes = deletesOf(all, prune ? foreign : [], inventory);
  problems.push(...stillInUse(deletes, all, inventory));
  const makes = all.flatMap((one) => stepFor(one, inventory, problems));
  if (problems.length > 0) throw new ManifestProblems(problems);

  const counts = {
    create: all.filter(({ resource }) => !resource).length,
    update: makes.filter(({ change }) => change === 'update').length,
    replace: all.filter(({ replaced }) => replaced).length,
    delete: deletes.filter(({ why }) => why === 'notInManifest').length,
    unchanged: all.length - makes.length,
  };
  const plan = { applicationId, prune, counts, steps: [...makes, ...deletes] };
  return { plan, foreign: prune ? [] : foreign, notes };
}

function refuseReplacing({ kind, place, differences, resource }: Decided): string {
  const why = differences
    .filter(({ field }) => isImmutable(kind, resource?.type, field))
    .map(({ field, is, wanted }) => `${place}.${field} can't be changed (${shorten(is)} → ${shorten(wanted)})`);
  return `${why.join(', ')}: give it another name, or prune, which makes a new one and deletes the old one`;
}

function stepFor(one: Decided, inventory: Inventory, problems: string[]): Step[] {
  const { kind, place, name, body, resource, differences, replaced } = one;
  if (resource && !replaced) {
    if (differences.length === 0) return [];
    const update = updateBody(kind, body, resource, differences);
    const step = {
      change: 'update' as const,
      kind,
      place,
      name,
      id: idOf(kind, resource),
      differences: differences.map(showDifference),
      ...update,
    };
    problems.push(...checkBody(step));
    return [step];
  }
  const key = keyOf(kind, body);
  const besides = inventory[kind].filter((other) => keyOf(kind, other) === key).map((other) => idOf(kind, other));
  const step = {
    change: 'create' as const,
    kind,
    place,
    name,
    body,
    ...(besides.length > 0 ? { besides } : {}),
    ...(resource ? { replaces: idOf(kind, resource), differences: differences.map(showDifference) } : {}),
  };
  problems.push(...checkBody(step));
  return [step];
}
