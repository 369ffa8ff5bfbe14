import { afterAll, beforeAll, expect, test } from 'vitest';
import { startSimulator, type Simulator } from '../../simulator/index.ts';
import { temporaryIndexName } from '../../src/activities/replace-names.ts';
import { makeIndex, seeIndex } from '../setup/indices.ts';
import { startTestWorker, workerEnvironment, type TestWorker } from '../setup/start-worker.ts';
import { cliWith, type Cli } from './run-cli.ts';

const leftover = temporaryIndexName('products', 'gone');
let simulator: Simulator;
let worker: TestWorker;
let cli: Cli;

beforeAll(async () => {
  simulator = await startSimulator();
  worker = await startTestWorker({ simulator });
  const { TEMPORAL_ADDRESS = '', TEMPORAL_NAMESPACE = '' } = workerEnvironment(simulator, worker.taskQueue);
  cli = cliWith({ TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TASK_QUEUE: worker.taskQueue });
});
afterAll(async () => {
  await worker.stop();
  await simulator.stop();
});

test('says that there is nothing to sweep', async () => {
  expect(await cli(['sweep'])).toMatchObject({ code: 0, stdout: '', stderr: 'There are no temporary indices.\n' });
});

test('lists what is left over, and deletes it only when told to', async () => {
  makeIndex(simulator, leftover, { count: 3 });
  expect((await cli(['sweep', '--delete', '--json'])).json()).toMatchObject([{ indexName: leftover, state: 'young' }]);

  const listed = await cli(['sweep', '--older-than', '0s']);
  expect(listed.stdout).toMatch(new RegExp(`${leftover} +products +3 .*leftover +algolia-replace/DEMOAPP/products`));
  expect(listed.stderr).toContain('1 left over; `algolia-ingestion sweep --delete` deletes them.');
  expect(await seeIndex(simulator, leftover)).toMatchObject({ count: 3 });

  const deleted = await cli(['sweep', '--delete', '--older-than', '0s', '--json']);
  expect(deleted.json()).toMatchObject([{ indexName: leftover, of: 'products', records: 3, state: 'deleted' }]);
  expect(await seeIndex(simulator, leftover)).toBeUndefined();
});

test('says which ACL is missing', async () => {
  const { keys } = simulator.world;
  const key = keys.get(simulator.apiKey);
  if (key) keys.replace({ ...key, acl: key.acl.filter((right) => right !== 'listIndexes') });
  const { code, stderr } = await cli(['sweep']);
  expect(code).toBe(4);
  expect(stderr).toContain("needs a key that has the ACL 'listIndexes'");
});
