import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { commands } from '../../src/cli/commands.ts';
import { candidatesFor } from '../../src/cli/complete.ts';
import { createProgram } from '../../src/cli/program.ts';

const program = await createProgram(Object.keys(commands));
const complete = async (...words: string[]) => (await candidatesFor(program, words)).map(({ value }) => value);

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'complete-'));
  mkdirSync(join(directory, 'config'));
  writeFileSync(join(directory, 'connector.json'), '{}');
  writeFileSync(join(directory, '.hidden'), '');
});
afterAll(() => rmSync(directory, { recursive: true }));

test('commands and those within them', async () => {
  expect(await complete('s')).toEqual(['start', 'status', 'schedules', 'sweep', 'secrets', 'search-attributes']);
  expect(await complete('schedules', '')).toEqual(['apply', 'list', 'delete', 'help']);
  expect(await complete('help', 'appr')).toEqual(['approvals', 'approve']);
  expect(await complete('')).not.toContain('__complete');
});

test('operations, workflow types and whatever else is one of a few', async () => {
  expect(await complete('call', 'getTa')).toEqual(['getTask']);
  expect(await complete('start', '--wait', 'sync')).toEqual(['syncSource', 'syncTask']);
  expect(await complete('completion', '')).toEqual(['bash', 'zsh', 'fish']);
  expect(await complete('key', 'rotate', '--to', 'file:x', '--mint', '')).toEqual(['external', 'algolia']);
});

test('options, with what they are for, but not where a value of one is due', async () => {
  expect(await candidatesFor(program, ['call', 'getTask', '--i'])).toEqual([
    { value: '--id', about: expect.stringContaining('a name for this call') },
  ]);
  expect(await complete('start', '--id', '--')).toEqual([]);
  expect(await complete('start', '--id', 'x', 'syncT')).toEqual(['syncTask']);
});

test('files, and JSON that is in one', async () => {
  expect(await complete('schedules', 'apply', `${directory}/c`)).toEqual(
    expect.arrayContaining([`${directory}/config/`, `${directory}/connector.json`]),
  );
  expect(await complete('call', 'createTask', `@${directory}/con`)).toEqual(
    expect.arrayContaining([`@${directory}/connector.json`]),
  );
  expect(await complete('call', 'createTask', `@${directory}/`)).not.toContain(`@${directory}/.hidden`);
  expect(await complete('call', 'createTask', `@${directory}/.`)).toEqual([`@${directory}/.hidden`]);
  expect(await complete('call', 'createTask', '{')).toEqual([]);
  expect(await complete('call', 'createTask', '@/no/such/')).toEqual([]);
});

test('nothing where nothing fits', async () => {
  expect(await complete('call', 'getTask', '{}', '')).toEqual([]);
  expect(await complete('nonsense', '')).toEqual([]);
  expect(await complete('approve', '')).toEqual([]);
});
