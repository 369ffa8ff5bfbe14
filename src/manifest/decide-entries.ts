import { resourceKinds, type ResourceKind } from '../operations/resource-kinds.ts';
import { differencesOf, isEmpty, isObject, type Difference } from './compare.ts';
import { idOf, taskName, type Inventory, type Resource } from './inventory.ts';
import type { Entry, Manifest } from './manifest.ts';
import { matchEntries, type Matched } from './match-entries.ts';
import { references } from './references.ts';
import { resolveReferences, type Referable, type Target } from './resolve-references.ts';
import { canNotBeTakenAway, isImmutable, rulesFor } from './rules.ts';
import { shorten } from './show-difference.ts';

/** An entry with what is to become of it. */
export interface Decided extends Matched, Referable {
  readonly kind: ResourceKind;
  readonly name: string;
  readonly differences: readonly Difference[];
  /** Whether there is a resource, but another has to be made. */
  readonly replaced: boolean;
}

export interface Surroundings {
  readonly manifest: Manifest;
  readonly inventory: Inventory;
  /** The sections before. */
  readonly decided: Readonly<Partial<Record<ResourceKind, readonly Decided[]>>>;
  readonly problems: string[];
  readonly notes: string[];
}

/** Finds the resource of every entry of a section, and where it is not as the entry says. */
export function decideSection(
  kind: ResourceKind,
  { manifest, inventory, decided, problems, notes }: Surroundings,
): Decided[] {
  const { member: section, id } = resourceKinds[kind];
  const complain = (problem: string) => problems.push(problem);
  const wanted = (manifest[section] ?? []).map((entry, index) => {
    const place = `${section}[${index}]`;
    const ids = resolveReferences(kind, { place, entry }, decided, inventory, complain);
    return { place, entry, body: { ...withoutReferences(kind, entry), ...ids } };
  });
  const compare = (resource: Resource, { body }: { readonly body: Resource }) =>
    differencesOf(comparable(kind, body), comparable(kind, resource, body), rulesFor(kind, resource.type));
  const isFixed = (resource: Resource | undefined, differences: readonly Difference[]) =>
    differences.some(({ field }) => isImmutable(kind, resource?.type, field));
  const matched = matchEntries(kind, wanted, {
    resources: inventory[kind],
    canBecome: (resource, one) => !isFixed(resource, compare(resource, one)),
    complain,
  });
  return matched.map((one) => {
    const { resource, place, entry, body } = one;
    const differences = resource ? compare(resource, one) : [];
    const replaced = isFixed(resource, differences);
    const own = resource && idOf(kind, resource);
    if (entry[id] !== undefined && entry[id] !== own)
      notes.push(
        `${place}.${id}: there is no ${kind} ${entry[id] as string} any more; ${own ? `the one meant is ${own}` : 'a new one is made'}`,
      );
    if (resource) notes.push(...leftOn(kind, place, body, resource));
    return {
      ...one,
      kind,
      name:
        kind === 'task'
          ? taskName(partOf(entry, 'source'), partOf(entry, 'destination'), entry.action)
          : String(entry.name),
      differences,
      replaced,
      id: own,
      target: own !== undefined && !replaced ? own : ({ $idOf: place } as Target),
    };
  });
}

const partOf = (entry: Entry, kind: 'source' | 'destination'): string => String(entry[kind] ?? entry[`${kind}ID`]);

/** The entry without its pin and without what it refers to. */
function withoutReferences(kind: ResourceKind, entry: Entry): Record<string, unknown> {
  const others = new Set([resourceKinds[kind].id, ...references[kind].flatMap(({ by, id }) => [by, id])]);
  return Object.fromEntries(Object.entries(entry).filter(([name]) => !others.has(name)));
}

/** The members that a manifest may speak of, in a form in which the same is the same. */
function comparable(kind: ResourceKind, value: Resource, wanted: Resource = value): Record<string, unknown> {
  const names = new Set([...COMPARED[kind], ...Object.keys(wanted)]);
  const members = [...names].flatMap((name) => (value[name] === undefined ? [] : [[name, value[name]]]));
  const form = Object.fromEntries(members) as Record<string, unknown>;
  if (typeof form.cron === 'string') form.cron = form.cron.trim().replace(/\s+/g, ' ');
  // The deprecated way to say it, which the API still answers.
  if (kind === 'transformation' && form.input == null && typeof value.code === 'string')
    form.input = { code: value.code };
  if (kind === 'transformation') form.type ??= 'code';
  if (kind === 'source' && wanted.type === 'push') delete form.input;
  return form;
}

const COMPARED: Readonly<Record<ResourceKind, readonly string[]>> = {
  authentication: ['name', 'type', 'platform', 'input'],
  source: ['name', 'type', 'input', 'authenticationID'],
  transformation: ['name', 'type', 'input', 'description', 'authenticationIDs'],
  destination: ['name', 'type', 'input', 'authenticationID', 'transformationIDs'],
  task: ['sourceID', 'destinationID', 'action', 'cron', 'subscriptionAction', 'input'],
};

/** Leaving these out of the manifest looks like taking them away, which nobody can. */
function leftOn(kind: ResourceKind, place: string, body: Resource, resource: Resource): string[] {
  const set = (value: Resource): [string, unknown][] =>
    Object.entries(value).flatMap(([name, member]): [string, unknown][] =>
      name === 'input' && isObject(member)
        ? Object.entries(member).map(([inner, one]): [string, unknown] => [`input.${inner}`, one])
        : [[name, member]],
    );
  const said = new Set(set(body).map(([field]) => field));
  const { defaults } = rulesFor(kind, resource.type);
  return set(comparable(kind, resource, body))
    .filter(([field, value]) => !said.has(field) && !isEmpty(value) && value !== defaults[field])
    .filter(([field]) => canNotBeTakenAway(kind, resource.type, field))
    .map(
      ([field, value]) => `${place}.${field}: is ${shorten(value)} at Algolia and stays so: no update can take it away`,
    );
}
