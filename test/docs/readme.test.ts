import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { startSimulator, type Simulator } from '../../simulator/index.ts';
import { cliWith, type Cli } from '../cli/run-cli.ts';
import { startTestWorker, type TestWorker } from '../setup/start-worker.ts';

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
const commands = [...readme.matchAll(/^(?:(\w+)=(\S+) )?npm run -s cli -- (.*)$/gm)].map(
  ([, name, value = '', command = '']) => ({ command, env: name ? { [name]: value } : {} }),
);

/** A shell's words: single quotes hold one together. */
const words = (command: string) =>
  [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');

let simulator: Simulator;
let worker: TestWorker;
let cli: Cli;

beforeAll(async () => {
  simulator = await startSimulator();
  worker = await startTestWorker({ simulator });
  const { address, namespace } = inject('temporal');
  cli = cliWith({ TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace, TASK_QUEUE: worker.taskQueue });
});
afterAll(async () => {
  await worker?.stop();
  await simulator?.stop();
});

test('the README shows the CLI at work', () => {
  expect(commands.length).toBeGreaterThanOrEqual(3);
});

test.each(commands)('the README says: $command', async ({ command, env }) => {
  const { code, stdout, stderr } = await cli(words(command), { env });
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).not.toBe('');
});
