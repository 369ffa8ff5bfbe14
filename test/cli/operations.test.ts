import { expect, test } from 'vitest';
import { clientOperations } from '../../src/operations/client-side.ts';
import { operations } from '../../src/operations/index.ts';
import { cliWith } from './run-cli.ts';

const cli = cliWith({});

test('every operation is listed for programs, the requests with their route and the others without', async () => {
  const { code, stderr, json } = await cli(['operations', '--json']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const list = json<Record<string, string | null>[]>();
  expect(list.filter(({ method }) => method !== null)).toHaveLength(50);
  expect(list.map(({ name }) => name)).toEqual([...Object.keys(operations), ...Object.keys(clientOperations)]);
  expect(list).toContainEqual({
    name: 'getTask',
    method: 'GET',
    path: '/2/tasks/{taskID}',
    effect: 'read',
    summary: 'Retrieve a task',
  });
  expect(list).toContainEqual(expect.objectContaining({ name: 'setClientApiKey', method: null, path: null }));
  for (const entry of list) expect(Object.keys(entry)).toEqual(['name', 'method', 'path', 'effect', 'summary']);
});

test('people get a line for each', async () => {
  const { stdout } = await cli(['operations']);
  expect(stdout).toMatch(/^OPERATION +EFFECT +METHOD +PATH +SUMMARY$/m);
  expect(stdout).toMatch(/^createSource +once +POST +\/1\/sources +Create a source$/m);
});

test('help is help, and a command that does not exist is wrong usage', async () => {
  const help = await cli(['--help']);
  expect(help.code).toBe(0);
  expect(help.stdout).toContain('Exit codes: 0 fine, 1 failed, 2 wrong usage, 3 not found, 4 denied.');
  const unknown = await cli(['operation']);
  expect(unknown.code).toBe(2);
  expect(unknown.stderr).toContain('Did you mean operations?');
  expect((await cli([])).code).toBe(2);
});
