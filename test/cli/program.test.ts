import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { helpOf, leavesOf, pathOf } from '../../scripts/docs/cli-page.ts';
import { commands } from '../../src/cli/commands.ts';
import { createProgram } from '../../src/cli/program.ts';
import { cliWith } from './run-cli.ts';

const program = await createProgram(Object.keys(commands));
const leaves = leavesOf(program).map((command) => ({ path: pathOf(command), help: helpOf(command) }));
const readsOf = ['operations', 'status', 'approvals', 'schedules list', 'sweep', 'key status', 'secrets check'];

test('every command is loaded under the name that the list has, and shows there what it is for', () => {
  const listed = program.commands.filter((command) => command.name() !== '__complete');
  expect(listed.map((command) => command.name())).toEqual(Object.keys(commands));
  for (const command of listed) expect(command.summary()).toBe(commands[command.name()]?.summary);
  for (const command of listed) expect(command.description()).not.toBe('');
  expect(helpOf(program)).not.toContain('__complete');
});

test.each(leaves)('$path has examples that begin with it', ({ path, help }) => {
  const examples = help.split('\nExamples:\n')[1]?.trim().split('\n') ?? [];
  expect(examples.length).toBeGreaterThan(0);
  for (const example of examples) expect(example).toContain(`algolia-ingestion ${path}`);
});

test.each(readsOf)('%s can print JSON', (path) => {
  expect(leaves.find((leaf) => leaf.path === path)?.help).toContain('--json');
});

test('it says which version it is', async () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  expect(await cliWith({})(['--version'])).toMatchObject({ code: 0, stdout: `${version}\n`, stderr: '' });
});

test('the list of commands is shown without loading what speaks to Temporal', async () => {
  const cli = fileURLToPath(new URL('../../src/cli/program.ts', import.meta.url));
  const script = `
    import { createProgram } from ${JSON.stringify(cli)};
    import { createRequire } from 'node:module';
    await (await createProgram(['--help'])).parseAsync(['--help'], { from: 'user' }).catch(() => {});
    const loaded = Object.keys(createRequire(import.meta.url).cache);
    console.log('loaded ' + loaded.filter((path) => /@temporalio|protobuf/.test(path)).length + ' of ' + loaded.length);
  `;
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--import',
    'tsx',
    '--input-type=module',
    '-e',
    script,
  ]);
  expect(stdout).toContain('Usage: algolia-ingestion');
  expect(stdout).toMatch(/^loaded 0 of [1-9]/m);
});
