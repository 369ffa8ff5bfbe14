import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { clientOperations } from '../../src/operations/client-side.ts';
import { operations } from '../../src/operations/index.ts';
import { generatedDocs } from '../../scripts/docs/generated-docs.ts';

const committed = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

test.each(Object.entries(await generatedDocs()))(
  '%s says what the code says; `npm run docs` rewrites it',
  (path, content) => {
    expect(committed(path)).toBe(content);
  },
);

test('docs/operations.md has a section for every operation, and says what each takes', () => {
  const page = committed('docs/operations.md');
  const names = [...page.matchAll(/^### (\w+)$/gm)].map(([, name]) => name);
  expect(new Set(names)).toEqual(new Set([...Object.keys(operations), ...Object.keys(clientOperations)]));
  for (const name of names) expect(page).toMatch(new RegExp(`^${name}\\(`, 'm'));
  expect(page.match(/^\w+\(unknown\)$/gm) ?? []).toEqual([]);
});
