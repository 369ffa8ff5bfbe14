import { expect, test } from 'vitest';
import { drawToken, isTokenOf, tokenHash } from '../../src/approvals/token.ts';

const BINDING = { approver: 'bob', approvalId: 'w/approval-1', planHash: 'sha256:00', deadline: 1_000 };

test('a token is long, random and fits on a line', () => {
  const tokens = new Set(Array.from({ length: 1_000 }, drawToken));
  expect(tokens.size).toBe(1_000);
  for (const token of tokens) expect(token).toMatch(/^[\w-]{32}$/);
});

test('a token counts for its approver, approval, plan and time, and for no other', () => {
  const token = drawToken();
  const hash = tokenHash(token, BINDING);
  expect(hash).not.toContain(token);
  expect(isTokenOf(` ${token}\n`, BINDING, hash)).toBe(true);
  expect(isTokenOf(drawToken(), BINDING, hash)).toBe(false);
  expect(isTokenOf(token, BINDING, '')).toBe(false);
  for (const other of [
    { approver: 'ana' },
    { approvalId: 'w/approval-2' },
    { planHash: 'sha256:01' },
    { deadline: 1_001 },
  ])
    expect(isTokenOf(token, { ...BINDING, ...other }, hash)).toBe(false);
});
