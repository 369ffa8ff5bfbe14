import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

/** Keyed by an object of one workflow, so that no other can come by it. */
const OF_ONE_WORKFLOW = [
  'src/workflows/steps/approval-judge.ts: const principals = new WeakMap<GivenApproval, string>();',
];

/** At the top of a module: a variable, or a collection that begins empty. */
const STATE = /^(export )?((let|var) .*|const \w+.*= (new (Weak)?(Map|Set)\b.*\(\)|\[\]|\{\});)$/gm;

const stateOf = (text: string) => [...text.matchAll(STATE)].map(([line]) => line);

test('no module of the workflows keeps anything of one workflow, for all workflows of a worker share it', () => {
  const files = readdirSync('src/workflows', { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join('src/workflows', name));
  expect(files.length).toBeGreaterThan(50);
  const found = files.flatMap((file) => stateOf(readFileSync(file, 'utf8')).map((line) => `${file}: ${line}`));
  expect(found).toEqual(OF_ONE_WORKFLOW);
});

test.each([
  'let desk: Desk | undefined;',
  'export let count = 0;',
  'const seen = new Map<string, number>();',
  'export const seen: Map<string, number> = new Map();',
  'const list: string[] = [];',
])('it would be seen: %s', (line) => {
  expect(stateOf(`const a = 1;\n${line}\n`)).toEqual([line]);
});
