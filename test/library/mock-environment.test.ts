import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startSimulator, type Simulator } from '../../simulator/index.ts';
import { createActivities, loadConfig } from '../../src/index.ts';
import { makeConnector } from '../setup/connector.ts';
import { workerEnvironment } from '../setup/start-worker.ts';

let simulator: Simulator;
beforeAll(async () => {
  simulator = await startSimulator();
});
afterAll(() => simulator.stop());

test('an activity runs in the unit tests of other programs, be it one that reads, repeats or creates', async () => {
  const { getTask, updateTask, createTransformation } = createActivities(
    loadConfig(workerEnvironment(simulator, 'unused')),
  );
  const environment = new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') });
  const { taskID } = await makeConnector(simulator);

  expect(await environment.run(updateTask, { taskID, taskUpdate: { enabled: false } })).toMatchObject({ taskID });
  expect(await environment.run(getTask, { taskID })).toMatchObject({ enabled: false });
  const code = 'async function transform(record) { return record; }';
  const transformation = { type: 'code', name: 'as it is', input: { code } } as const;
  expect(await environment.run(createTransformation, transformation)).toMatchObject({
    transformationID: expect.any(String),
  });
});
