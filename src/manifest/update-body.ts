import type { ResourceKind } from '../operations/resource-kinds.ts';
import { isObject, laidOver, type Difference } from './compare.ts';
import type { Resource } from './inventory.ts';
import { isWholeInput } from './rules.ts';

type Members = Record<string, unknown>;

/** What to send to make the differences none. */
export interface Update {
  readonly body: Members;
  /** Instead of a change of a task: all of it. */
  readonly whole?: true;
}

export function updateBody(
  kind: ResourceKind,
  wanted: Resource,
  resource: Resource,
  differences: readonly Difference[],
): Update {
  switch (kind) {
    case 'transformation':
      return { body: { ...wanted } };
    case 'task':
      return taskUpdate(wanted, resource, differences);
    case 'authentication':
    case 'source':
    case 'destination':
      return { body: changedMembers(kind, wanted, resource, differences) };
  }
}

function changedMembers(
  kind: ResourceKind,
  wanted: Resource,
  resource: Resource,
  differences: readonly Difference[],
): Members {
  const input = (wanted.input ?? {}) as Members;
  const is = (resource.input ?? {}) as Members;
  const body: Members = {};
  for (const { field } of differences) {
    const [member = '', name] = field.split('.');
    // An empty list is how to take all of them away; nothing else can be.
    if (member !== 'input') body[member] = wanted[member] ?? [];
    // Whether Algolia keeps the members that an update of credentials leaves out is not for us to try.
    else if (kind === 'authentication') body.input = withoutNulls(input);
    else if (isWholeInput(kind, resource.type)) body.input = input;
    else if (name !== undefined) {
      const value = name === 'configuration' ? input[name] : laidOver(is[name], input[name]);
      body.input = { ...(body.input as Members | undefined), [name]: value ?? [] };
    }
  }
  return body;
}

function withoutNulls(value: unknown): unknown {
  if (!isObject(value)) return value;
  const set = Object.entries(value).filter(([, member]) => member != null);
  return Object.fromEntries(set.map(([name, member]) => [name, withoutNulls(member)]));
}

/** What Algolia fills in, so that leaving it out means nothing. */
const LEFT_ALONE = ['enabled', 'failureThreshold', 'notifications', 'policies'];

/** `action` can only be changed by replacing all of the task, and that is the only way to take something away. */
function taskUpdate(wanted: Resource, resource: Resource, differences: readonly Difference[]): Update {
  const all: Members = {};
  for (const name of new Set([...Object.keys(wanted), ...LEFT_ALONE])) {
    const value = LEFT_ALONE.includes(name) ? laidOver(resource[name], wanted[name] ?? resource[name]) : wanted[name];
    if (name !== 'sourceID' && value != null) all[name] = LEFT_ALONE.includes(name) ? withoutNulls(value) : value;
  }
  const isWhole = differences.some(({ field, wanted: value }) => field === 'action' || value === null);
  if (isWhole) return { body: all, whole: true };
  const changed = new Set(differences.map(({ field }) => field.split('.')[0]));
  return { body: Object.fromEntries(Object.entries(all).filter(([name]) => changed.has(name))) };
}
