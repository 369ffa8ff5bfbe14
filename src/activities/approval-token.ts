import { drawToken, isTokenOf, tokenHash, type TokenBinding } from '../approvals/token.ts';
import type { Notice, Post } from './notify.ts';

export interface DeliverTokenInput {
  /** The approver's own channel. */
  readonly channel: string;
  readonly notice: Notice;
  readonly token: TokenBinding;
}

/**
 * Draws a token and sends it to its approver, who alone gets to see it: only its hash comes back.
 * A retry draws another, and the newest counts.
 */
export function createDeliverToken(post: Post) {
  return async function deliverToken({
    channel,
    notice,
    token: binding,
  }: DeliverTokenInput): Promise<{ hash: string }> {
    const token = drawToken();
    const { approver, planHash } = binding;
    const payload = { approver, comment: '', planHash, token };
    const text = `${notice.text}\nYour one-time token, ${approver}. Send this as the signal approve (or reject):\n${JSON.stringify(payload, null, 2)}`;
    await post(channel, {
      ...notice,
      id: `${notice.id}/${approver}`,
      kind: 'approval.token',
      text,
      details: { ...notice.details, approver, token, payload },
    });
    return { hash: tokenHash(token, binding) };
  };
}

export interface MatchTokenInput extends Omit<TokenBinding, 'approver'> {
  readonly token: string;
  readonly issued: readonly { readonly approver: string; readonly hash: string }[];
}

/** Which of the issued tokens this is; -1: none. */
export async function matchToken({ token, issued, ...binding }: MatchTokenInput): Promise<{ index: number }> {
  return { index: issued.findIndex(({ approver, hash }) => isTokenOf(token, { ...binding, approver }, hash)) };
}
