import { describeIssues } from '../algolia/check-input.ts';
import { PUBLIC_MEMBERS } from '../operations/authentications.ts';
import { kindsInOrder, resourceKinds, type ResourceKind } from '../operations/resource-kinds.ts';
import { isEmpty } from './compare.ts';
import { idOf, nameOf, type Inventory, type Resource } from './inventory.ts';
import { entrySchemas, type Entry, type Manifest } from './manifest.ts';
import { references } from './references.ts';

/** The members of an entry, in the order in which they read well. */
const MEMBERS: Readonly<Record<ResourceKind, readonly string[]>> = {
  authentication: ['type', 'platform', 'input'],
  source: ['type', 'input'],
  transformation: ['type', 'description', 'input'],
  destination: ['type', 'input'],
  task: ['action', 'subscriptionAction', 'cron', 'enabled', 'failureThreshold', 'input', 'notifications', 'policies'],
};

export interface Exported {
  readonly manifest: Manifest;
  /** What a manifest can't say, and why: nothing is ever done to it. */
  readonly leftOut: readonly string[];
}

/** The manifest of everything that there is: applied again, it changes nothing. */
export function exportManifest(inventory: Inventory, applicationId: string): Exported {
  const leftOut: string[] = [];
  const sections = kindsInOrder.map((kind) => {
    const entries = inventory[kind].flatMap((resource) => {
      const { entry, problem } = toEntry(kind, resource, inventory);
      if (problem === undefined) return [entry];
      leftOut.push(`${kind} ${nameOf(kind, resource, inventory)} (${idOf(kind, resource)}): ${problem}`);
      return [];
    });
    return [resourceKinds[kind].member, entries];
  });
  return { manifest: { applicationId, ...Object.fromEntries(sections) } as Manifest, leftOut };
}

/** A resource as an entry, with its id as a pin. One that this version can't express has a problem. */
export function toEntry(
  kind: ResourceKind,
  resource: Resource,
  inventory: Inventory,
): { entry: Entry; problem?: string } {
  const { id } = resourceKinds[kind];
  const entry: Record<string, unknown> = {
    ...(kind === 'task' ? {} : { name: resource.name }),
    [id]: resource[id],
    ...referencesOf(kind, resource, inventory),
  };
  for (const name of MEMBERS[kind]) {
    const value = name === 'input' ? inputOf(kind, resource) : resource[name];
    if (value != null && (name === 'input' || !isEmpty(value))) entry[name] = value;
  }
  if (kind === 'transformation') entry.type ??= 'code';
  const parsed = entrySchemas[kind].safeParse(entry);
  return parsed.success ? { entry } : { entry, problem: describeIssues(parsed.error.issues, '').replace(/^\./, '') };
}

/** By name where the name is one resource's only. */
function referencesOf(kind: ResourceKind, resource: Resource, inventory: Inventory): Record<string, unknown> {
  const pairs = references[kind].flatMap(({ to, by, id, many }) => {
    const value = resource[id];
    if (isEmpty(value)) return [];
    const names = (many ? (value as unknown[]) : [value]).map((one) => onlyName(to, one, inventory));
    if (names.includes(undefined)) return [[id, value]];
    return [[by, many ? names : names[0]]];
  });
  return Object.fromEntries(pairs);
}

function onlyName(kind: ResourceKind, id: unknown, inventory: Inventory): string | undefined {
  const name = inventory[kind].find((one) => idOf(kind, one) === id)?.name;
  const isOnly = inventory[kind].filter((one) => one.name === name).length === 1;
  return isOnly && typeof name === 'string' && name !== '' ? name : undefined;
}

function inputOf(kind: ResourceKind, { type, input, code }: Resource): unknown {
  if (kind === 'transformation') return input ?? (typeof code === 'string' ? { code } : undefined);
  // A push source takes none, whatever it is answered with.
  if (kind === 'source' && type === 'push') return undefined;
  if (kind === 'task' && isEmpty(input)) return undefined;
  if (input == null) return kind === 'authentication' ? {} : input;
  // What is null isn't set, but in credentials, where it is what nobody is told.
  const isToldAsNull = (name: string) =>
    kind === 'authentication' ? type === 'secrets' || !PUBLIC_MEMBERS.has(name) : type === 'docker';
  return Object.fromEntries(
    Object.entries(input as Resource).filter(([name, value]) => value !== null || isToldAsNull(name)),
  );
}
