import { canonicalJson } from '../approvals/plan-hash.ts';

export interface Difference {
  readonly field: string;
  readonly is: unknown;
  readonly wanted: unknown;
}

/** What a difference is, and what none. Fields are paths such as `input.url`. */
export interface Rules {
  /** Whether a field that the manifest doesn't mention should not be set; else it is left as it is. */
  readonly absentIsNone: (field: string) => boolean;
  /** Whether this, null or undefined, is Algolia's way of not telling what stands there. */
  readonly untold: (field: string, is: null | undefined) => boolean;
  /** What Algolia takes a field for that nobody has set. */
  readonly defaults: Readonly<Record<string, unknown>>;
}

/** Where something is not as it is wanted. What can't be compared, credentials above all, is no difference. */
export function differencesOf(wanted: unknown, is: unknown, rules: Rules, field = ''): Difference[] {
  // `null` in a manifest: what Algolia has, whatever it is.
  if (wanted === null || (is == null && wanted !== undefined && rules.untold(field, is))) return [];
  if (isReferenceToSecret(wanted)) return is === undefined ? [{ field, is: null, wanted }] : [];
  if (isObject(wanted) && (isObject(is) || is == null)) {
    const names = new Set([...Object.keys(wanted), ...Object.keys(is ?? {})]);
    return [...names].flatMap((name) =>
      differencesOf(wanted[name], (is as Members | null)?.[name], rules, field === '' ? name : `${field}.${name}`),
    );
  }
  const fallback = rules.defaults[field];
  if (isEmpty(wanted)) {
    const none = isEmpty(is) || isSame(is, fallback) || (wanted === undefined && !rules.absentIsNone(field));
    return none ? [] : [{ field, is, wanted: wanted ?? null }];
  }
  return isSame(wanted, isEmpty(is) ? fallback : is) ? [] : [{ field, is: is ?? null, wanted }];
}

type Members = Readonly<Record<string, unknown>>;

const isSame = (a: unknown, b: unknown): boolean => canonicalJson(a) === canonicalJson(b);

export const isObject = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A reference stands for a value that nobody here knows. */
const isReferenceToSecret = (value: unknown): boolean => isObject(value) && typeof value.$secret === 'string';

/** The API may answer any of these for what nobody has set. */
export const isEmpty = (value: unknown): boolean =>
  value == null || value === '' || (typeof value === 'object' && Object.keys(value).length === 0);

/** `wanted` laid over what is there: members that it doesn't mention stay. */
export function laidOver(is: unknown, wanted: unknown): unknown {
  if (!isObject(is) || !isObject(wanted) || isReferenceToSecret(wanted)) return wanted;
  return Object.fromEntries(
    [...new Set([...Object.keys(is), ...Object.keys(wanted)])].map((name) => [
      name,
      name in wanted ? laidOver(is[name], wanted[name]) : is[name],
    ]),
  );
}
