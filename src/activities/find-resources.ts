import type { AlgoliaClient } from '../algolia/client.ts';
import type { Resource } from '../manifest/inventory.ts';
import { resourceKinds, type ResourceKind } from '../operations/resource-kinds.ts';
import type { ApiKeys } from '../secrets/api-keys.ts';
import { attempt } from './attempt.ts';
import { listResources } from './list-resources.ts';
import { callWith } from './with-fresh-key.ts';

export interface FindResourcesInput {
  readonly kind: ResourceKind;
  /** Members that a resource must have with just these values, or with a list that holds them: `{name: …}`, or `{sourceID: …, destinationID: …}` for a task, which has no name. */
  readonly match: Readonly<Record<string, string>>;
  /** What a resource that matches should be like besides. Where it is not, `differs` says so; a reference to a secret is like any. */
  readonly expect?: Readonly<Record<string, unknown>>;
}

export interface FoundResource {
  readonly id: string;
  readonly type?: string;
  readonly createdAt: string;
  /** Where it is not what was expected: `input.url`. */
  readonly differs?: readonly string[];
}

/** All resources of a kind that match, oldest first. The API can't search by name, so this pages through the whole list. */
export function createFindResources(client: AlgoliaClient, keys: ApiKeys) {
  return async function findResources({ kind, match, expect }: FindResourcesInput): Promise<FoundResource[]> {
    const { id } = resourceKinds[kind];
    const found = new Map<string, FoundResource>();
    const filter = kind === 'task' && match.sourceID ? { sourceID: [match.sourceID] } : {};
    await attempt(async (signal) => {
      for await (const items of listResources(callWith(client, keys, signal), kind, filter)) {
        for (const item of items) {
          const matches = Object.entries(match).every(([name, value]) => has(item[name], value));
          if (matches) found.set(String(item[id]), describe(item, id, expect));
          // It was changed since it was read first.
          else found.delete(String(item[id]));
        }
      }
    });
    // One that was passed over the first time came last.
    return [...found.values()].toSorted((a, b) => Date.parse(a.createdAt) - Date.parse(b.createdAt));
  };
}

const has = (member: unknown, value: string) => (Array.isArray(member) ? member.includes(value) : member === value);

function describe(item: Resource, id: string, expect: FindResourcesInput['expect']): FoundResource {
  const differs = expect ? differences(expect, item) : [];
  return {
    id: String(item[id]),
    createdAt: typeof item.createdAt === 'string' ? item.createdAt : '',
    ...(typeof item.type === 'string' ? { type: item.type } : {}),
    ...(differs.length > 0 ? { differs } : {}),
  };
}

/** The places where something else stands than expected. What the API blanks or leaves out can't be compared. */
function differences(expected: unknown, actual: unknown, path = ''): string[] {
  if (expected === undefined || actual === undefined || actual === null) return [];
  if (typeof expected !== 'object' || expected === null || Array.isArray(expected))
    return JSON.stringify(expected) === JSON.stringify(actual) ? [] : [path];
  if ('$secret' in expected) return [];
  const members = typeof actual === 'object' ? (actual as Record<string, unknown>) : {};
  return Object.entries(expected).flatMap(([name, value]) =>
    differences(value, members[name], path ? `${path}.${name}` : name),
  );
}
