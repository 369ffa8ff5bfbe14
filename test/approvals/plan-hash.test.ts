import { fc } from '../setup/fast-check.ts';
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { canonicalJson, planHash } from '../../src/approvals/plan-hash.ts';

test('the hash is that of the JSON with its members in order and no white space', () => {
  const canonical = '{"a":[1,{"x":null,"y":"é"}],"b":true}';
  expect(canonicalJson({ b: true, a: [1, { y: 'é', x: null }] })).toBe(canonical);
  expect(planHash(JSON.parse(canonical))).toBe(`sha256:${createHash('sha256').update(canonical).digest('hex')}`);
});

test('the order of members changes nothing, everything else does', () => {
  const reversed = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(reversed);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        .reverse()
        .map(([name, member]) => [name, reversed(member)]),
    );
  };
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (one, other) => {
      // Through JSON, as everything that a workflow passes on goes: it has no -0.
      const [a, b] = [JSON.parse(JSON.stringify(one)), JSON.parse(JSON.stringify(other))] as unknown[];
      expect(planHash(reversed(a))).toBe(planHash(a));
      expect(JSON.parse(canonicalJson(a))).toEqual(a);
      expect(planHash(a) === planHash(b)).toBe(canonicalJson(a) === canonicalJson(b));
    }),
  );
});
