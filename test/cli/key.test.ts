import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startSimulator, type Simulator } from '../../simulator/index.ts';
import { startTestWorker, workerEnvironment, type TestWorker } from '../setup/start-worker.ts';
import { cliWith, type Cli } from './run-cli.ts';

const APPLICATION_ID = 'CLIKEYAPP';
const NEW_KEY = 'swordfish-new-key';

let simulator: Simulator;
let worker: TestWorker;
let directory: string;
let cli: Cli;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cli-key-'));
  await mkdir(join(directory, 'algolia'));
  await writeFile(join(directory, 'algolia', 'v2'), NEW_KEY);
  simulator = await startSimulator({ applicationId: APPLICATION_ID });
  await simulator.control('POST /keys', { key: NEW_KEY, acl: ['addObject', 'deleteIndex', 'editSettings'] });
  worker = await startTestWorker({ simulator, environment: { SECRETS_DIR: directory } });
  const { TEMPORAL_ADDRESS = '', TASK_QUEUE = '' } = workerEnvironment(simulator, worker.taskQueue);
  cli = cliWith({ TEMPORAL_ADDRESS, TASK_QUEUE, ALGOLIA_APPLICATION_ID: APPLICATION_ID });
});
afterAll(async () => {
  await worker?.client.workflow
    .getHandle(`algolia-keyring/${APPLICATION_ID}`)
    .terminate()
    .catch(() => undefined);
  await worker?.stop();
  await simulator?.stop();
  await rm(directory, { recursive: true, force: true });
});

test('before the first rotation the key is that of each worker', async () => {
  const { code, stdout } = await cli(['key', 'status']);
  expect(code).toBe(0);
  expect(stdout).toContain(`algolia-keyring/${APPLICATION_ID} (begins with the first rotation)`);
  expect(stdout).toMatch(/^current +the one in each worker's configuration$/m);
  expect((await cli(['key', 'status', '--json'])).json()).toMatchObject({ exists: false, epoch: 0 });
  const none = await cli(['key', 'status'], { env: { ALGOLIA_APPLICATION_ID: '' } });
  expect(none).toMatchObject({ code: 2, stderr: expect.stringContaining('ALGOLIA_APPLICATION_ID: not set') });
});

test('a rotation is followed, approved, and shows in the status, without the key itself anywhere', async () => {
  const id = `algolia-rotate/${APPLICATION_ID}`;
  const quick = ['--emergency', '--overlap', '1s', '--soak', '1s'];
  const rotate = [
    'key',
    'rotate',
    '--to',
    'file:algolia/v2',
    '--as',
    'ada@example.com',
    '--reason',
    'yearly',
    ...quick,
  ];
  let said = '';
  const rotating = cli([...rotate, '--wait'], { onStderr: (text) => (said += text) });
  await expect.poll(() => said, { timeout: 150_000 }).toContain('waiting for approval');
  await expect.poll(async () => (await cli(['approvals'])).stdout, { timeout: 150_000 }).toContain(id);
  const second = await cli(rotate);
  expect(second).toMatchObject({ code: 1, stderr: expect.stringContaining(`A workflow with the id ${id} is running`) });
  expect((await cli(['approve', id, '--as', 'bob@example.com'])).code).toBe(0);

  const { code, stdout, json } = await rotating;
  expect({ code, json: json() }).toMatchObject({ code: 0, json: { outcome: 'left', to: 'file:algolia/v2', epoch: 1 } });
  const status = await cli(['key', 'status']);
  expect(status.stdout).toMatch(/^epoch +1$/m);
  expect(status.stdout).toMatch(/^current +file:algolia\/v2 \(fingerprint [0-9a-f]{8}\)$/m);
  const report = await cli(['status', id]);
  expect([stdout, said, status.stdout, report.stdout].join('')).not.toContain(NEW_KEY);
});

test('a rotation that is rejected switches nothing and says that it was denied', async () => {
  const id = `algolia-rotate/${APPLICATION_ID}`;
  await writeFile(join(directory, 'algolia', 'v3'), 'demo-key');
  const rotating = cli(['key', 'rotate', '--to', 'file:algolia/v3', '--as', 'ada@example.com', '--wait']);
  await expect.poll(async () => (await cli(['approvals'])).stdout, { timeout: 150_000 }).toContain(id);
  await cli(['reject', id, '--as', 'bob@example.com']);
  const { code, json } = await rotating;
  expect({ code, json: json() }).toMatchObject({ code: 4, json: { outcome: 'abandoned' } });
  expect((await cli(['key', 'status', '--json'])).json()).toMatchObject({ epoch: 1 });
});

test('a key in the place of its reference is refused before it is in any history', async () => {
  const { code, stderr } = await cli(['key', 'rotate', '--to', 'in-the-clear']);
  expect(code).toBe(2);
  expect(stderr).toContain(
    'input.toSecret: expected a reference such as "file:algolia/v8", never a key. Nothing was started.',
  );
  expect(stderr).not.toContain('in-the-clear');
});
