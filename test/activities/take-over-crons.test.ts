import { afterEach, expect, test } from 'vitest';
import { startSimulator, type Simulator } from '../../simulator/index.ts';
import { createTakeOverCrons } from '../../src/activities/take-over-crons.ts';
import { callAlgolia, makeConnector } from '../setup/connector.ts';
import { activityParts, attempt } from './setup.ts';

let simulator: Simulator;
afterEach(() => simulator.stop());

test('a source that has more tasks than a page holds is looked at as a whole', async () => {
  simulator = await startSimulator({ quotas: false });
  const { sourceID, destinationID } = await makeConnector(simulator);
  const cron = '0 3 * * *';
  const make = (more: object = {}) =>
    callAlgolia(simulator, 'POST /2/tasks', { sourceID, destinationID, action: 'save', ...more });
  const first = await make({ cron });
  for (let made = 0; made < 100; made += 1) await make();
  const last = await make({ cron });
  const { client, keys } = activityParts(simulator);
  try {
    const input = { taskIDs: [], sourceIDs: [sourceID], clear: false };
    const found = await attempt(createTakeOverCrons(client, keys), input).result;
    expect(found).toEqual([first, last].map(({ taskID }) => ({ taskID, sourceID, cron, cleared: false })));
  } finally {
    await client.close();
  }
});
