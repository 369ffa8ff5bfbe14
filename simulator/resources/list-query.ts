import { badRequest } from '../http/api-error.ts';

const DEFAULT_PER_PAGE = 10;
const MAX_PER_PAGE = 100;

/** The values of a comma-joined filter, or undefined where there is none. */
export function readList(
  query: URLSearchParams,
  name: string,
  allowed?: readonly string[],
): ReadonlySet<string> | undefined {
  const text = query.getAll(name).join(',');
  if (!query.has(name)) return undefined;
  const values = text.split(',');
  const wrong = allowed && values.find((value) => !allowed.includes(value));
  if (wrong !== undefined) throw badRequest(`${name}: must be one of ${allowed?.join(', ')}`);
  return new Set(values);
}

export function readOne(query: URLSearchParams, name: string, allowed: readonly string[]): string | undefined {
  const value = query.get(name) ?? undefined;
  if (value !== undefined && !allowed.includes(value))
    throw badRequest(`${name}: must be one of ${allowed.join(', ')}`);
  return value;
}

export function readBoolean(query: URLSearchParams, name: string): boolean | undefined {
  const value = readOne(query, name, ['true', 'false']);
  return value === undefined ? undefined : value === 'true';
}

/** RFC 3339, in milliseconds. */
function readDate(query: URLSearchParams, name: string): number | undefined {
  const value = query.get(name);
  if (value === null) return undefined;
  const time = /^\d{4}-\d{2}-\d{2}(T|$)/.test(value) ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(time)) throw badRequest(`${name}: must be a date in RFC 3339 format`);
  return time;
}

export interface Window {
  readonly startDate: string;
  readonly endDate: string;
}

/** The time asked about; without a start it is `defaultMs` long. */
export function readWindow(query: URLSearchParams, now: number, defaultMs: number): Window {
  const end = readDate(query, 'endDate') ?? now;
  const start = readDate(query, 'startDate') ?? Math.min(now, end) - defaultMs;
  if (start > end) throw badRequest('startDate: must be before endDate');
  return { startDate: new Date(start).toISOString(), endDate: new Date(end).toISOString() };
}

/** In the order asked for. Items come in the order of their creation, and keep it where the sort makes no difference. */
export function sortItems<T>(
  items: readonly T[],
  query: URLSearchParams,
  keys: Readonly<Record<string, (item: T) => string>>,
  defaultSort = 'createdAt',
): readonly T[] {
  const sort = readOne(query, 'sort', Object.keys(keys)) ?? defaultSort;
  const ascending = (readOne(query, 'order', ['asc', 'desc']) ?? 'desc') === 'asc';
  const keyOf = keys[sort];
  const sorted = keyOf && sort !== defaultSort ? items.toSorted((a, b) => compare(keyOf(a), keyOf(b))) : items;
  return ascending ? sorted : sorted.toReversed();
}

export function paginate<T>(items: readonly T[], query: URLSearchParams) {
  const itemsPerPage = readInteger(query, 'itemsPerPage', MAX_PER_PAGE) ?? DEFAULT_PER_PAGE;
  const page = readInteger(query, 'page') ?? 1;
  return {
    items: items.slice((page - 1) * itemsPerPage, page * itemsPerPage),
    pagination: {
      nbPages: Math.max(1, Math.ceil(items.length / itemsPerPage)),
      page,
      nbItems: items.length,
      itemsPerPage,
    },
  };
}

function readInteger(query: URLSearchParams, name: string, max = Infinity): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  const value = /^\d+$/.test(text) ? Number(text) : 0;
  if (value < 1 || value > max)
    throw badRequest(`${name}: must be an integer ${max === Infinity ? 'above 0' : `between 1 and ${max}`}`);
  return value;
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
