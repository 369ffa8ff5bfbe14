import { ApplicationFailure } from '@temporalio/workflow';
import type { Checked } from '../../activities/check-input.ts';
import type { ResourceKind } from '../../operations/resource-kinds.ts';
import { repeatable } from '../proxies.ts';
import { isNotFound } from './failure-type.ts';

/** Something of a connector that is to be deleted. */
export interface Part {
  readonly resource: ResourceKind;
  readonly id: string;
  readonly name?: string;
  /** As Algolia answers it, which blanks credentials. */
  readonly configuration: Readonly<Record<string, unknown>>;
}

export interface KeptPart {
  readonly resource: ResourceKind;
  readonly id: string;
  readonly why: string;
}

export interface ConnectorParts {
  /** In the order in which they can be deleted. */
  readonly parts: readonly Part[];
  readonly kept: readonly KeptPart[];
  readonly enabled: boolean;
  readonly indexName?: string;
}

type Resource = Readonly<Record<string, unknown>>;
type OtherKind = Exclude<ResourceKind, 'task'>;

/** Who may use a resource, and the member by which. */
const USERS: Readonly<Record<OtherKind, readonly (readonly [ResourceKind, string])[]>> = {
  destination: [['task', 'destinationID']],
  source: [['task', 'sourceID']],
  transformation: [['destination', 'transformationIDs']],
  authentication: [
    ['source', 'authenticationID'],
    ['destination', 'authenticationID'],
    ['transformation', 'authenticationIDs'],
  ],
};
/** What uses others comes before them. */
const ORDER: readonly OtherKind[] = ['destination', 'source', 'transformation', 'authentication'];
const MAX_USERS_TOLD = 5;
/** All of it is shown, approved and handed back in one piece, and Temporal takes no more than 2 MB at once. */
const MAX_CHARACTERS = 1_200_000;

/** Reads a connector, and tells what of it can be deleted from what something else uses. What is gone already is left out. */
export async function readConnector({
  taskID,
  alsoDelete,
}: Pick<Checked<'decommissionConnector'>, 'taskID' | 'alsoDelete'>): Promise<ConnectorParts> {
  const task = await repeatable.getTask({ taskID });
  const found = await readParts(task, alsoDelete);
  const wanted = ORDER.filter((kind) => alsoDelete.includes(kind)).flatMap((kind) =>
    [...found[kind]].map(([id, resource]) => ({ ...partOf(kind, id, resource), resource: kind })),
  );
  const users = await Promise.all(wanted.map(({ resource, id }) => usersOf(resource, id)));
  const parts = [partOf('task', taskID, task)];
  const kept: KeptPart[] = [];
  for (const [place, part] of wanted.entries()) {
    const why = inUse(users[place] ?? [], parts);
    if (why === undefined) parts.push(part);
    else kept.push({ resource: part.resource, id: part.id, why });
  }
  assertKeepable(parts);
  const { indexName } = ([...found.destination.values()][0]?.input ?? {}) as { indexName?: string | null };
  return { parts, kept, enabled: task.enabled ?? true, ...(indexName ? { indexName } : {}) };
}

type Named = Pick<Part, 'resource' | 'id'>;

/** Everything that uses a resource now. */
export async function usersOf(kind: OtherKind, id: string): Promise<readonly Named[]> {
  const users = USERS[kind].map(async ([resource, member]) => {
    const found = await repeatable.findResources({ kind: resource, match: { [member]: id } });
    return found.map((user) => ({ resource, id: user.id }));
  });
  return (await Promise.all(users)).flat();
}

/** Who uses something besides what is deleted with it, in words; undefined where nobody does. */
export function inUse(users: readonly Named[], deleted: readonly Named[]): string | undefined {
  const others = users
    .filter(({ resource, id }) => !deleted.some((gone) => gone.resource === resource && gone.id === id))
    .map(({ resource, id }) => `${resource} ${id}`);
  if (others.length === 0) return undefined;
  const more = others.length > MAX_USERS_TOLD ? ` and ${others.length - MAX_USERS_TOLD} more` : '';
  return `${others.slice(0, MAX_USERS_TOLD).join(', ')}${more} ${others.length === 1 ? 'uses' : 'use'} it`;
}

type Resources = ReadonlyMap<string, Resource>;

/** The destination and the source, and what they use as far as it is asked for. */
async function readParts(
  { sourceID, destinationID }: { readonly sourceID: string; readonly destinationID: string },
  wanted: readonly OtherKind[],
): Promise<Record<OtherKind, Resources>> {
  const [destination, source] = await Promise.all([
    readAll([destinationID], (id) => repeatable.getDestination({ destinationID: id })),
    readAll([sourceID], (id) => repeatable.getSource({ sourceID: id })),
  ]);
  const transformation = await readAll(
    wanted.includes('transformation') ? idsIn(destination, 'transformationIDs') : [],
    (id) => repeatable.getTransformation({ transformationID: id }),
  );
  const authentication = await readAll(
    wanted.includes('authentication')
      ? [
          ...idsIn(source, 'authenticationID'),
          ...idsIn(destination, 'authenticationID'),
          ...idsIn(transformation, 'authenticationIDs'),
        ]
      : [],
    (id) => repeatable.getAuthentication({ authenticationID: id }),
  );
  return { destination, source, transformation, authentication };
}

async function readAll(ids: readonly string[], read: (id: string) => Promise<Resource>): Promise<Resources> {
  const found = await Promise.all(
    [...new Set(ids)].map((id) =>
      read(id).then(
        (resource) => [[id, resource] as const],
        (error: unknown) => {
          if (isNotFound(error)) return [];
          throw error;
        },
      ),
    ),
  );
  return new Map(found.flat());
}

const idsIn = (resources: Resources, member: string): string[] =>
  [...resources.values()].flatMap((resource) => resource[member] ?? []).filter((id) => typeof id === 'string');

function partOf(resource: ResourceKind, id: string, found: Resource): Part {
  const { name } = found;
  const configuration = configurationOf(resource, found);
  return { resource, id, ...(typeof name === 'string' ? { name } : {}), configuration };
}

/** What it is, without what it did; and code stands in `input` too, unless it is older than that. */
function configurationOf(resource: ResourceKind, found: Resource): Resource {
  const { lastRun: _lastRun, nextRun: _nextRun, ...task } = found;
  if (resource === 'task') return task;
  const { code: _code, ...transformation } = found;
  return resource === 'transformation' && found.input ? transformation : found;
}

function assertKeepable(parts: readonly Part[]): void {
  if (JSON.stringify(parts).length <= MAX_CHARACTERS) return;
  throw ApplicationFailure.nonRetryable(
    `the configuration of the connector has more than ${MAX_CHARACTERS / 1_000_000} MB, which Temporal would not keep: leave the largest part out of alsoDelete`,
    'ConfigurationTooLarge',
  );
}
