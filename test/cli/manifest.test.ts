import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { parse } from 'yaml';
import { startSimulator, type Simulator } from '../../simulator/index.ts';
import { applyManifestId } from '../../src/workflows/apply-manifest.ts';
import { answer } from '../setup/decide.ts';
import { makeEveryKind, type EveryKind } from '../setup/every-kind.ts';
import { lastSeq } from '../setup/manifests.ts';
import { startTestWorker, workerEnvironment, type TestWorker } from '../setup/start-worker.ts';
import { cliWith, type Cli } from './run-cli.ts';

const applicationId = `CLI${randomUUID().slice(0, 8)}`;
let simulator: Simulator;
let worker: TestWorker;
let cli: Cli;
let directory: string;
let file: string;
let made: EveryKind;

beforeAll(async () => {
  simulator = await startSimulator({ applicationId });
  worker = await startTestWorker({ simulator });
  made = await makeEveryKind(simulator);
  directory = await mkdtemp(join(tmpdir(), 'manifests-'));
  const { TEMPORAL_ADDRESS = '', TEMPORAL_NAMESPACE = '' } = workerEnvironment(simulator, worker.taskQueue);
  cli = cliWith({ TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TASK_QUEUE: worker.taskQueue });
});
beforeEach(() => {
  file = join(directory, `${randomUUID()}.yaml`);
});
afterAll(async () => {
  await worker.stop();
  await Promise.all([simulator.stop(), rm(directory, { recursive: true })]);
});

/** Writes what there is into the file, changed. */
async function exported(change: (yaml: string) => string = (yaml) => yaml): Promise<string> {
  const { code, stdout, stderr } = await cli(['inventory', '--yaml']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const yaml = change(stdout);
  await writeFile(file, yaml);
  return yaml;
}

test('the inventory of everything, as a manifest, differs in nothing and applies as nothing', async () => {
  const yaml = await exported();
  expect(yaml).not.toContain('correct-horse-battery');
  const manifest = parse(yaml) as Record<string, unknown[]>;
  expect(Object.entries(manifest).map(([section, entries]) => [section, entries.length])).toEqual([
    ['applicationId', applicationId.length],
    ['authentications', 7],
    ['sources', 10],
    ['transformations', 3],
    ['destinations', 2],
    ['tasks', 10],
  ]);
  expect((await cli(['inventory', '--json'])).json()).toEqual(manifest);
  const before = lastSeq(simulator);
  expect(await cli(['diff', file, '--prune'])).toMatchObject({
    code: 0,
    stdout: 'no drift: 32 as declared\n',
    stderr: '',
  });
  expect(await cli(['apply', '-', '--prune'], { stdin: yaml })).toMatchObject({
    code: 0,
    stdout: '32 unchanged\nNothing to do.\n',
  });
  const methods = simulator.world.requests.list({ after: before }).map(({ method }) => method);
  expect(new Set(methods)).toEqual(new Set(['GET']));
});

test('people see what there is as a table', async () => {
  const { stdout } = await cli(['inventory']);
  expect(stdout).toMatch(/^KIND +NAME +TYPE +ID$/m);
  expect(stdout).toMatch(/^source +source json +json +[\w-]{36}$/m);
  expect(stdout).toMatch(/^task +source json → found, replace +cron 0 {2}3 \* \* \* +[\w-]{36}$/m);
});

test('what was changed by hand is drift, field by field, with an exit code of its own', async () => {
  await exported((yaml) =>
    yaml.replace('indexName: events', 'indexName: events-2').replace('cron: 0  3 * * *', 'cron: 0 3 * * *'),
  );
  const { code, stdout } = await cli(['diff', file]);
  expect(code).toBe(1);
  expect(stdout).toBe(
    [
      `~ destination seen (${made.destinations[1]})`,
      '    input.indexName: "events" → "events-2"',
      'drift: 1 to update, 31 unchanged\n',
    ].join('\n'),
  );
  const asJson = await cli(['diff', file, '--json']);
  expect(asJson.code).toBe(1);
  expect(asJson.json()).toMatchObject({
    drift: true,
    differences: [{ change: 'update', kind: 'destination', differences: [{ field: 'input.indexName' }] }],
  });
  expect(await cli(['plan', file])).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^plan sha256:[0-9a-f]{64}$/m),
  });
});

test('a plan is shown, approved, applied and then nothing; what it does not mention is told', async () => {
  await writeFile(file, 'destinations:\n  - {name: told, type: search, input: {indexName: told}}\n');
  const { stdout: plan } = await cli(['plan', file]);
  expect(plan).toContain('+ destination told\n');
  expect(plan).toContain(`? destination found (${made.destinations[0]}) is not in the manifest`);
  const planHash = /^plan (\S+)$/m.exec(plan)?.[1] ?? '';

  expect(await cli(['apply', file, '--dry-run'])).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('--dry-run'),
  });
  expect(await cli(['apply', file, '--plan-hash', `sha256:${'0'.repeat(64)}`])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining(`but ${planHash}. Nothing was started.`),
  });

  const id = applyManifestId(applicationId);
  const options = ['--plan-hash', planHash, '--wait', '--as', 'ana', '--reason', 'the spring shops'];
  const applying = cli(['apply', file, ...options], { env: { WEB_UI_URL: 'https://temporal.example.com/' } });
  await answer(worker.client.workflow.getHandle(id), 'approve');
  const { code, stdout, stderr } = await applying;
  expect(code).toBe(0);
  expect(stdout).toContain(`plan ${planHash}\n`);
  expect(stdout).toContain('"outcome": "applied"');
  expect(stderr).toContain(
    `https://temporal.example.com/namespaces/${worker.client.options.namespace}/workflows/${encodeURIComponent(id)}`,
  );
  expect(await cli(['apply', file])).toMatchObject({ code: 0, stdout: expect.stringContaining('Nothing to do.') });
});

test('a rejection is denied, and changes nothing', async () => {
  await writeFile(file, 'destinations: [{name: denied, type: search, input: {indexName: denied}}]');
  const applying = cli(['apply', file, '--wait']);
  await answer(worker.client.workflow.getHandle(applyManifestId(applicationId)), 'reject');
  expect(await applying).toMatchObject({ code: 4 });
  expect(simulator.world.destinations.values().some(({ name }) => name === 'denied')).toBe(false);
});

test.each([
  ['sources: [{name: a, type: json, input: {url: u, colour: red}}]', 'sources[0].input.colour: unknown field'],
  ['tasks: [{destination: b, action: replace}]', 'tasks[0].source: name the source of the task'],
  [
    'authentications: [{name: a, type: apiKey, input: {key: in-the-clear}}]',
    'authentications[0].input.key: a credential',
  ],
  [
    'sources: [{name: a, type: push, authentication: nobody}]',
    "sources[0].authentication: there is no authentication named 'nobody'",
  ],
  [
    `authentications: [{name: shop feed, type: apiKey, input: {key: {$secret: env:SECRET_X}}}]
sources: [{name: a, type: push, authentication: shop fede}]`,
    "there is no authentication named 'shop fede', neither in the manifest nor at Algolia. Did you mean shop feed?",
  ],
  ['sources: [', 'Flow sequence in block collection'],
])('a wrong file is told by its place: %s', async (yaml, message) => {
  await writeFile(file, yaml);
  const { code, stdout, stderr } = await cli(['plan', file]);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toContain(file);
  expect(stderr).toContain(message);
  expect(stderr).not.toContain('in-the-clear');
  expect(stderr).not.toContain('now in Temporal');
});

test('no worker, no file: told at once', async () => {
  expect(await cli(['inventory'], { env: { TASK_QUEUE: `nobody-${randomUUID()}` } })).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('No worker polls'),
  });
  expect(await cli(['diff', join(directory, 'none.yaml')])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('cannot be read'),
  });
});
