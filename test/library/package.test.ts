import { Client, Connection } from '@temporalio/client';
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { build } from '../../scripts/build.ts';
import { startSimulator, type Simulator } from '../../simulator/index.ts';
import { listPollers } from '../../src/list-pollers.ts';
import { makeConnector, serveRecords, type RecordServer } from '../setup/connector.ts';
import { spawnNode } from '../deploy/spawn-node.ts';

const run = promisify(execFile);
const INSTALL = ['install', '--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund'];

/** The examples of the page, by the file that each says it is. */
const page = await readFile('docs/library.md', 'utf8');
const examples = [...page.matchAll(/^```ts\n\/\/ (\S+)\n([\s\S]*?)^```$/gm)].map(
  ([, file = '', code = '']) => [file, code] as const,
);

let scratch: string;
let project: string;
let packed: readonly string[];
let simulator: Simulator;
let records: RecordServer;

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'library-'));
  [project, simulator, records] = await Promise.all([install(), startSimulator({ runSpeed: 20 }), serveRecords()]);
}, 400_000);
afterAll(async () => {
  await Promise.all([simulator?.stop(), records?.stop()]);
  await rm(scratch, { recursive: true, force: true });
});

/** Packs what would be published, and installs it in a project that knows nothing of this one. */
async function install(): Promise<string> {
  const source = join(scratch, 'source');
  await mkdir(source);
  for (const file of ['package.json', 'README.md', 'CHANGELOG.md', 'LICENSE']) await cp(file, join(source, file));
  await symlink(join(process.cwd(), 'node_modules'), join(source, 'node_modules'));
  await build(join(source, 'dist'));
  const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts'], { cwd: source, maxBuffer: 2 ** 25 });
  const [{ filename, files }] = JSON.parse(stdout) as [{ filename: string; files: { path: string }[] }];
  packed = files.map(({ path }) => path);

  const consumer = join(scratch, 'consumer');
  await mkdir(join(consumer, 'src'), { recursive: true });
  await writeFile(join(consumer, 'package.json'), JSON.stringify({ name: 'consumer', private: true, type: 'module' }));
  await run('npm', [...INSTALL, join(source, filename)], { cwd: consumer });
  const compilerOptions = {
    target: 'es2023',
    module: 'nodenext',
    strict: true,
    // Temporal's own declarations ask for it.
    skipLibCheck: true,
    types: ['node'],
    typeRoots: [join(process.cwd(), 'node_modules/@types')],
    outDir: 'dist',
    rootDir: 'src',
  };
  await writeFile(join(consumer, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['src'] }));
  for (const [file, code] of examples) await writeFile(join(consumer, 'src', file), code);
  return consumer;
}

const compile = (file = '') =>
  run(process.execPath, [join(process.cwd(), 'node_modules/typescript/bin/tsc'), ...(file ? ['--noEmit'] : [])], {
    cwd: project,
  });

test('the package has what runs and nothing else', () => {
  const roots = [...new Set(packed.map((path) => path.split('/')[0] ?? ''))].toSorted();
  expect(roots).toEqual(['CHANGELOG.md', 'LICENSE', 'README.md', 'dist', 'package.json']);
  expect(packed.filter((path) => path.endsWith('.map') || /(^|\/)(test|simulator|scripts)\//.test(path))).toEqual([]);
  for (const path of ['dist/index.d.ts', 'dist/worker.js', 'dist/cli.js', 'dist/workflow-bundle.cjs'])
    expect(packed).toContain(path);
});

test('the workflows name no directory of the machine that built them, for stack traces tell it', async () => {
  const bundle = join(project, 'node_modules/algolia-ingestion-worker/dist/workflow-bundle.cjs');
  const [code = '', map = ''] = (await readFile(bundle, 'utf8')).split(/sourceMappingURL=data:[^,]*,/);
  const { sources } = JSON.parse(Buffer.from(map, 'base64').toString('utf8')) as { sources: string[] };
  expect(sources).toContain('src/workflows/sync-task.ts');
  expect(sources.filter((source) => source.includes(process.cwd()))).toEqual([]);
  expect(code).not.toContain(process.cwd());
});

test('a strict project compiles the examples, and would not if the types were none', async () => {
  await compile();
  const wrong = `import { createActivities, loadConfig, type InputOf } from 'algolia-ingestion-worker';
import { syncTask } from 'algolia-ingestion-worker/workflows';
export const input: InputOf<'getTask'> = { taskId: 'x' };
export const name: string = createActivities(loadConfig());
export const start = (run: (input: Parameters<typeof syncTask>[0]) => void) => run({ taskID: 7 });
`;
  await writeFile(join(project, 'src', 'wrong.ts'), wrong);
  const { stdout } = await compile('wrong.ts').catch((error: { stdout: string }) => error);
  await rm(join(project, 'src', 'wrong.ts'));
  const lines = [...stdout.matchAll(/^src\/wrong\.ts\((\d+),/gm)].map(([, line]) => Number(line));
  expect(lines).toEqual([3, 4, 5]);
});

test('the worker of the page runs its own workflow, one of ours, and a standalone activity', async () => {
  await compile();
  const { address, namespace } = inject('temporal');
  const taskQueue = `library-${randomUUID()}`;
  const { taskID, destinationID } = await makeConnector(simulator, { url: records.url });
  const worker = spawnNode(['dist/worker.js'], {
    cwd: project,
    environment: {
      TEMPORAL_ADDRESS: address,
      TEMPORAL_NAMESPACE: namespace,
      TASK_QUEUE: taskQueue,
      ALGOLIA_APPLICATION_ID: simulator.applicationId,
      ALGOLIA_API_KEY: simulator.apiKey,
      ALGOLIA_INGESTION_URL: simulator.url,
      ALGOLIA_SEARCH_URL: simulator.url,
    },
  });
  const connection = await Connection.connect({ address });
  const client = new Client({ connection, namespace });
  const start = (type: string, input: object) =>
    client.workflow.execute(type, { workflowId: randomUUID(), taskQueue, args: [input] });
  try {
    expect(await start('syncAndAnnounce', { taskID })).toBe(`success: ${destinationID} is fresh`);
    expect(await start('callOperation', { operation: 'getTask', params: { taskID } })).toMatchObject({ taskID });
    const activity = { id: randomUUID(), taskQueue, args: [{ taskID }], scheduleToCloseTimeout: '30s' } as const;
    expect(await client.activity.execute('getTask', activity)).toMatchObject({ taskID });
    expect(await listPollers(client, taskQueue)).toEqual([expect.stringMatching(/#[0-9a-f]{8}$/)]);
  } finally {
    await worker.end('SIGTERM');
    await connection.close();
  }
});

test('the other examples run, and so does the command', async () => {
  await compile();
  const { stdout } = await run(process.execPath, ['dist/operations.js'], { cwd: project });
  expect(stdout).toMatch(/^createSource once true \d\d\n$/);
  const env = { ...process.env, ALGOLIA_APPLICATION_ID: 'APP', ALGOLIA_API_KEY: 'none', ALGOLIA_REGION: 'eu' };
  await run(process.execPath, ['dist/activities.js'], { cwd: project, env });
  const { stdout: listed } = await run('npx', ['--no', 'algolia-ingestion', 'operations'], { cwd: project });
  expect(listed).toContain('createSource');
});
