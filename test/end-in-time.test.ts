import { Client, Connection } from '@temporalio/client';
import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { startTemporalServer } from '../scripts/temporal-server.ts';
import { startSimulator } from '../simulator/index.ts';
import { activitiesGraceMs } from '../src/end-in-time.ts';
import { hold } from './setup/hold.ts';
import { spawnWorker } from './setup/spawn-worker.ts';
import { workerEnvironment } from './setup/start-worker.ts';

test.for(['gone', 'frozen'] as const)(
  'a worker in the middle of an activity leaves within its grace although Temporal is %s',
  async (how) => {
    const temporal = await startTemporalServer({ ui: false });
    const simulator = await startSimulator();
    const request = hold(simulator, 'listTasks');
    const taskQueue = randomUUID();
    const worker = spawnWorker({
      ...workerEnvironment(simulator, taskQueue),
      TEMPORAL_ADDRESS: temporal.address,
      SHUTDOWN_GRACE: '2s',
    });
    const connection = await Connection.connect({ address: temporal.address });
    await new Client({ connection }).activity.start('listTasks', {
      id: randomUUID(),
      taskQueue,
      args: [{}],
      startToCloseTimeout: '5m',
    });
    await request.met();
    await connection.close();
    if (how === 'gone') await temporal.stop();
    else process.kill(temporal.pid, 'SIGSTOP');

    expect(await worker.end('SIGTERM')).toBe(1);
    expect(worker.stderr()).toContain('Not done 2 s after the signal to stop: leaving.');

    if (how === 'frozen') process.kill(temporal.pid, 'SIGCONT');
    await Promise.all([temporal.stop(), simulator.stop()]);
  },
);

test('most of the grace is for activities, the rest for telling what became of them', () => {
  expect(activitiesGraceMs(30_000)).toBe(25_000);
  expect(activitiesGraceMs(10_000)).toBe(8_000);
});
