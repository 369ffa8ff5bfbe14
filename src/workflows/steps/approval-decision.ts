/** What an approver says: the payload of the signals `approve` and `reject`. */
export interface Decision {
  /** Who says it. May be left out where a token or the sender's identity tells. */
  readonly approver?: string;
  readonly comment?: string;
  /** Of the plan that the approver has seen; if given, it must be the one that is asked about. */
  readonly planHash?: string;
  /** The approver's one-time token, where the policy asks for it. */
  readonly token?: string;
  /** If given, it must be the approval that waits. */
  readonly approvalId?: string;
}

/** The input of the update `decide`. */
export type DecideInput = Decision & { readonly decision: 'approve' | 'reject' | 'approved' | 'rejected' };

const MAX_LENGTH = { approver: 200, comment: 2_000, planHash: 200, token: 200, approvalId: 1_500 } as const;
const EXPECTED = 'expected one JSON object such as {"approver": "bob@example.com", "comment": "…", "planHash": "…"}';

/** Reads a payload that may be anything; a string says what is wrong with it. (No zod in workflow code.) */
export function readDecision(payload: unknown): Decision | string {
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) return EXPECTED;
  const said: Record<string, string> = {};
  for (const [name, value] of Object.entries(payload)) {
    if (!Object.hasOwn(MAX_LENGTH, name)) return `unknown field '${name.slice(0, 100)}'; ${EXPECTED}`;
    if (value === null || value === undefined || value === '') continue;
    if (typeof value !== 'string') return `'${name}' must be a string; ${EXPECTED}`;
    const longest = MAX_LENGTH[name as keyof typeof MAX_LENGTH];
    if (value.length > longest) return `'${name}' is longer than ${longest} characters`;
    said[name] = value;
  }
  if (said.approver !== undefined && normalName(said.approver) === '') return "'approver' is blank";
  if (/^\s*<.*>\s*$/s.test(said.approver ?? '')) return `put your own name in the place of ${said.approver}`;
  return said;
}

/** Also as results tell it. */
const WORDS = [
  ['approve', 'approve'],
  ['approved', 'approve'],
  ['reject', 'reject'],
  ['rejected', 'reject'],
] as const;

/** Reads the input of the update `decide`, with its `decision` apart. */
export function readDecide(payload: unknown): { decision: 'approve' | 'reject'; said: Decision } | string {
  if (typeof payload !== 'object' || payload === null) return EXPECTED;
  const { decision, ...rest } = payload as Record<string, unknown>;
  const meant = WORDS.find(([word]) => word === decision)?.[1];
  if (meant === undefined) return `'decision' must be "approve" or "reject"`;
  const said = readDecision(rest);
  return typeof said === 'string' ? said : { decision: meant, said };
}

/** Whom a malformed payload names, as far as it can be told. */
export function claimedName(payload: unknown): string {
  const approver = typeof payload === 'object' && payload !== null && 'approver' in payload && payload.approver;
  return typeof approver === 'string' && approver.trim() ? approver.trim().slice(0, 200) : 'unknown';
}

/** Names that look alike are one name: case, width, white space and invisible characters do not tell people apart. */
export const normalName = (name: string): string =>
  name
    .replace(/[\p{Default_Ignorable_Code_Point}\p{Cf}]|(?!\s)\p{Cc}/gu, '')
    .normalize('NFKC')
    .replace(/\s+/gu, ' ')
    .trim()
    .toLowerCase();

export const isNamed = (name: string, among: readonly string[]): boolean =>
  among.some((other) => normalName(other) === normalName(name));
