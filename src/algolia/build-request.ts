import { JsonText, type Operation } from '../operations/operation.ts';

export interface AlgoliaRequest {
  readonly method: Operation['method'];
  /** Path and query, percent-encoded. */
  readonly path: string;
  /** JSON text; absent: no body at all. */
  readonly body?: string | Uint8Array;
}

type Members = Readonly<Record<string, unknown>>;

/** A checked input, with its secrets revealed, as the request that says the same. Pure. */
export function buildRequest(operation: Operation, input: unknown): AlgoliaRequest {
  const members = (operation.body.from === 'argument' ? {} : input) as Members;
  const path = operation.path.replace(/\{(\w+)\}/g, (_, name: string) => encodeMember(name, String(members[name])));
  const query = queryString(operation.query, members);
  const { method, body } = operation;
  if (body.from === 'none') return { method, path: path + query };
  const content = body.from === 'argument' ? input : members[body.name];
  return {
    method,
    path: path + query,
    body: content instanceof JsonText ? content.bytes : JSON.stringify(content ?? {}),
  };
}

/** `path` of a custom request keeps its slashes and what is encoded already, as in any URL; an id keeps nothing. */
function encodeMember(name: string, value: string): string {
  return name === 'path'
    ? new URL(`http://host/${value.replace(/^\/+/, '')}?`).pathname.slice(1)
    : encodeURIComponent(value);
}

/** Sorted by name, lists joined by commas and then encoded, spaces as `%20`, nothing for undefined and null. */
function queryString(names: readonly string[], members: Members): string {
  if (names.length === 0) return '';
  const parameters = names.flatMap((name): [string, unknown][] =>
    name === 'parameters' ? Object.entries((members[name] ?? {}) as Members) : [[name, members[name]]],
  );
  const parts = parameters
    .filter(([, value]) => value !== undefined && value !== null)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${encodeName(name)}${encodeURIComponent(String(value)).replaceAll("'", '%27')}`);
  return parts.length === 0 ? '' : `?${parts.join('&')}`;
}

/** `name=`, as a URL has it (`facets[]` stays), except for what would end the name. */
function encodeName(name: string): string {
  if (/^\w+$/.test(name)) return `${name}=`;
  // A URL replaces half a surrogate pair, and drops a tab.
  if (!name.isWellFormed()) throw new URIError('half a surrogate pair');
  return new URL(`http://host/?${name.replace(/[&=#+%\p{Cc}]/gu, encodeURIComponent)}=`).search.slice(1);
}
