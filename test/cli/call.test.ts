import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { startSimulator, type Simulator } from '../../simulator/index.ts';
import { startTestWorker, workerEnvironment, type TestWorker } from '../setup/start-worker.ts';
import { cliWith, type Cli } from './run-cli.ts';

let simulator: Simulator;
let worker: TestWorker;
let cli: Cli;
let directory: string;

beforeAll(async () => {
  simulator = await startSimulator();
  worker = await startTestWorker({ simulator });
  // Temporal and the task queue are all it is told: no key, no application.
  const { TEMPORAL_ADDRESS = '', TASK_QUEUE = '' } = workerEnvironment(simulator, worker.taskQueue);
  cli = cliWith({ TEMPORAL_ADDRESS, TASK_QUEUE });
  directory = await mkdtemp(join(tmpdir(), 'cli-call-'));
});
afterAll(async () => {
  await worker?.stop();
  await simulator?.stop();
  await rm(directory, { recursive: true, force: true });
});
beforeEach(async () => {
  await simulator.control('POST /reset');
});

const source = (name: string) =>
  JSON.stringify({ type: 'json', name, input: { url: 'https://example.com/records.json' } });
const namesAtAlgolia = async () => {
  const { sources } = await simulator.control<{ sources: { name: string }[] }>('GET /state');
  return sources.map(({ name }) => name);
};

test("an operation runs on the worker and its answer is Algolia's", async () => {
  const { code, stderr, json } = await cli(['call', 'listSources', '{"itemsPerPage": 5}']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(json()).toMatchObject({ sources: [], pagination: { itemsPerPage: 5 } });
});

test('the input comes from an argument, a file or standard input', async () => {
  const file = join(directory, 'source.json');
  await writeFile(file, source('from-file'));
  await cli(['call', 'createSource', source('from-argument')]);
  await cli(['call', 'createSource', `@${file}`]);
  const { code } = await cli(['call', 'createSource', '-'], { stdin: source('from-stdin') });
  expect(code).toBe(0);
  expect((await namesAtAlgolia()).toSorted()).toEqual(['from-argument', 'from-file', 'from-stdin']);
});

test('a call with an id is executed once; asked for again it prints the same answer', async () => {
  const id = randomUUID();
  const first = await cli(['call', 'createSource', source('once'), '--id', id]);
  const second = await cli(['call', 'createSource', source('once'), '--id', id]);
  expect(second.json()).toEqual(first.json());
  expect(second.stderr).toContain('was called before');
  expect(await namesAtAlgolia()).toEqual(['once']);
  const other = await cli(['call', 'listSources', '{}', '--id', id]);
  expect(other).toMatchObject({ code: 1, stdout: '' });
  expect(other.stderr).toContain(`${id} is that of an earlier call of createSource`);
});

test('a create whose answer is lost is not sent again, and the failure says so', async () => {
  await simulator.control('POST /faults', { operation: 'createSource', times: 1, kind: 'loseAnswer' });
  const { code, stderr } = await cli(['call', 'createSource', source('ambiguous')]);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^AlgoliaAmbiguous: createSource: /);
  expect(await namesAtAlgolia()).toEqual(['ambiguous']);
});

test('a passing failure is retried, and told on the way', async () => {
  await simulator.control('POST /faults', { operation: 'listTasks', times: 2, kind: 'status', status: 503 });
  const { code, stderr, json } = await cli(['call', 'listTasks']);
  expect(code).toBe(0);
  expect(json()).toMatchObject({ tasks: [] });
  expect(stderr).toMatch(/^Attempt [12] failed: listTasks: answered 503/m);
});

test('a failure is told with its type, message and details, and not found is an exit code of its own', async () => {
  const missing = await cli(['call', 'getSource', '{"sourceID": "nope"}']);
  expect(missing).toMatchObject({ code: 3, stdout: '' });
  expect(missing.stderr).toMatch(/^AlgoliaInvalid: getSource: answered 404: .*\n {2}operation: getSource\n/);
  expect(missing.stderr).toMatch(/^ {2}status: 404$/m);
  expect(missing.stderr).toMatch(/^ {2}correlationID: \S+$/m);

  await simulator.control('POST /faults', { operation: 'getTask', times: 1, kind: 'status', status: 400 });
  expect((await cli(['call', 'getTask', '{"taskID": "x"}'])).code).toBe(1);
});

test('a key that Algolia refuses is denied', async () => {
  const other = await startTestWorker({ simulator: { ...simulator, url: simulator.url, apiKey: 'unknown-key' } });
  try {
    const { code, stderr } = await cli(['call', 'listSources'], { env: { TASK_QUEUE: other.taskQueue } });
    expect(code).toBe(4);
    expect(stderr).toMatch(/^AlgoliaAuth: listSources: answered 403/);
  } finally {
    await other.stop();
  }
});

test('wrong input is refused before it gets to Temporal, where a credential would stay', async () => {
  const unknownField = await cli(['call', 'listSources', '{"pge": 1}']);
  expect(unknownField).toMatchObject({
    code: 2,
    stderr: 'listSources: input.pge: unknown field (did you mean page?). Nothing was sent.\n',
  });
  const literal = await cli([
    'call',
    'createAuthentication',
    '{"type": "basic", "name": "n", "input": {"username": "u", "password": "swordfish"}}',
  ]);
  expect(literal.code).toBe(2);
  expect(literal.stderr).toContain('input.input.password: a credential may not stand here in the clear');
  expect(literal.stderr).not.toMatch(/swordfish|history/);
});

test('what is not JSON is refused with its place', async () => {
  const broken = await cli(['call', 'listSources', '-'], { stdin: '{\n  "page": 1,\n  "order": asc\n}' });
  expect(broken).toMatchObject({ code: 2, stderr: 'Standard input is not JSON: line 3, column 12: invalid symbol\n' });
  const cut = await cli(['call', 'listSources', '{"page": 1']);
  expect(cut).toMatchObject({ code: 2, stderr: 'The argument is not JSON: line 1, column 11: close brace expected\n' });
  const missing = await cli(['call', 'listSources', '@/no/such/file']);
  expect(missing.code).toBe(2);
  expect(missing.stderr).toContain("/no/such/file can't be read");
});

test('an operation that does not exist suggests those it may have been', async () => {
  const near = await cli(['call', 'listSource']);
  expect(near).toMatchObject({ code: 2, stderr: 'There is no operation listSource. Did you mean listSources?\n' });
  const far = await cli(['call', 'makeCoffee']);
  expect(far.stderr).toContain('`algolia-ingestion operations` lists them');
});

test('a timeout of nothing, which would be none at all, is refused', async () => {
  const { code, stderr } = await cli(['call', 'listSources', '--timeout', '0s']);
  expect(code).toBe(2);
  expect(stderr).toContain('Expected longer than nothing.');
});

test('without a worker it says so instead of waiting', async () => {
  const { code, stderr } = await cli(['call', 'listSources'], { env: { TASK_QUEUE: 'nobody-here' } });
  expect(code).toBe(1);
  expect(stderr).toMatch(/^No worker polls the task queue nobody-here: .* Nothing was sent\.$/m);
});

test('a worker that has gone meanwhile costs no more than the timeout', async () => {
  const gone = await startTestWorker({ simulator });
  await gone.stop();
  const { code, stderr } = await cli(['call', 'listSources', '--timeout', '2s'], {
    env: { TASK_QUEUE: gone.taskQueue },
  });
  expect(code).toBe(1);
  expect(stderr).toMatch(/No worker polls|Timeout: it took too long/);
});

test('without a Temporal server it says where it looked', async () => {
  const { code, stderr } = await cli(['call', 'listSources'], { env: { TEMPORAL_ADDRESS: '127.0.0.1:1' } });
  expect(code).toBe(1);
  expect(stderr).toMatch(/^No Temporal server answers at 127\.0\.0\.1:1 \(.*\)\. Is it running/);
});

test('stacks are for debugging only', async () => {
  const plain = await cli(['call', 'nope']);
  expect(plain.stderr.trim().split('\n')).toHaveLength(1);
  const debug = await cli(['call', 'nope'], { env: { LOG_LEVEL: 'debug' } });
  expect(debug.stderr).toMatch(/\n {4}at /);
});
