import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Simulator } from '../../simulator/index.ts';
import { applyManifest, applyManifestId, applyManifestStatus } from '../../src/workflows/apply-manifest.ts';
import { callAlgolia } from '../setup/connector.ts';
import { answer } from '../setup/decide.ts';
import { hold } from '../setup/hold.ts';
import { startApplication } from '../setup/manifests.ts';
import { MortalWorker } from '../setup/mortal-worker.ts';

/** Each kill costs a heartbeat timeout and a start. */
const KILLED_DURING = ['createSource', 'createTask'];
const CREATES = ['createAuthentication', 'createSource', 'createTransformation', 'createDestination', 'createTask'];

let simulator: Simulator;
let worker: MortalWorker;

beforeAll(async () => {
  simulator = await startApplication();
  worker = await MortalWorker.of(simulator, { SECRET_SHOP: 'correct-horse-battery' });
});
afterAll(async () => {
  await worker.end();
  await simulator.stop();
});

test('a manifest whose worker is killed during its creates is applied whole, and everything is made once', async () => {
  const { destinationID } = await callAlgolia(simulator, 'POST /1/destinations', {
    type: 'search',
    name: 'there',
    input: { indexName: 'there' },
  });
  const manifest = {
    authentications: [
      { name: 'shop', type: 'basic', input: { username: 'shop', password: { $secret: 'env:SECRET_SHOP' } } },
    ],
    sources: [{ name: 'shop', type: 'push', authentication: 'shop' }],
    transformations: [{ name: 'shop', type: 'code', input: { code: 'async function transform(r) { return r; }' } }],
    destinations: [
      { name: 'shop', type: 'search', input: { indexName: 'shop' }, transformations: ['shop'] },
      { name: 'there', type: 'search', input: { indexName: 'elsewhere' }, destinationID },
    ],
    tasks: [{ source: 'shop', destination: 'shop', action: 'append' }],
  };
  const requests = KILLED_DURING.map((operation) => hold(simulator, operation));
  worker.start();
  const handle = await worker.client.workflow.start(applyManifest, {
    taskQueue: worker.taskQueue,
    workflowId: applyManifestId(simulator.applicationId),
    args: [{ manifest }],
  });
  await answer(handle, 'approve');
  for (const request of requests) {
    await request.met();
    await worker.kill();
    // It takes effect when nobody waits for its answer any more.
    request.release();
    worker.start();
  }
  expect(await handle.result()).toMatchObject({ outcome: 'applied', counts: { create: 5, update: 1 } });
  expect(await handle.query(applyManifestStatus)).toMatchObject({ done: 6, total: 6 });
  const { counts } = simulator.world.requests;
  expect(CREATES.map((operation) => counts[operation])).toEqual([1, 1, 1, 2, 1]);
  expect(counts.updateDestination).toBe(1);
  const { sources, destinations, tasks, authentications, transformations } = simulator.world;
  expect([authentications, sources, transformations, destinations, tasks].map(({ size }) => size)).toEqual([
    1, 1, 1, 2, 1,
  ]);
}, 300_000);
