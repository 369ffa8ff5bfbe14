import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** What a token is good for: one answer, of one approver, to one plan, until then. */
export interface TokenBinding {
  readonly approver: string;
  readonly approvalId: string;
  readonly planHash: string;
  /** ms since 1970. */
  readonly deadline: number;
}

/** 192 bits: nobody guesses it, and it still fits on a line. */
const TOKEN_BYTES = 24;

export const drawToken = (): string => randomBytes(TOKEN_BYTES).toString('base64url');

/** What history may hold of a token. */
export function tokenHash(token: string, { approver, approvalId, planHash, deadline }: TokenBinding): string {
  const bound = JSON.stringify([token.trim(), approver, approvalId, planHash, deadline]);
  return createHash('sha256').update(bound).digest('hex');
}

export function isTokenOf(token: string, binding: TokenBinding, hash: string): boolean {
  const given = Buffer.from(tokenHash(token, binding));
  const wanted = Buffer.from(hash);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}
