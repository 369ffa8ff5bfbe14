import { expect, test } from 'vitest';
import { createChain, openSimulator, runToEnd, serve, until } from './stage.ts';

async function openScripted(script: Record<string, unknown>) {
  const { simulator, client } = await openSimulator();
  const { taskID } = await createChain(client, { url: await serve('[{"id":1}]') });
  await simulator.control('POST /runs/script', { taskID, ...script });
  return { simulator, client, taskID };
}

test('the next runs of a task end as told, with the events told; then it is itself again', async () => {
  const events = [
    { type: 'fetch' },
    { status: 'failed', batchSize: 3, data: { objectIDs: ['x'] } },
    { type: 'log', status: null },
  ];
  const { client, taskID } = await openScripted({
    times: 2,
    outcome: 'failure',
    reasonCode: 'internal',
    reason: 'oops',
    events,
  });
  for (let i = 0; i < 2; i += 1) {
    const run = await runToEnd(client, taskID);
    expect(run).toMatchObject({ outcome: 'failure', reasonCode: 'internal', reason: 'oops' });
    const listed = await client.listEvents({ runID: run.runID, order: 'asc' });
    expect(listed.events).toMatchObject([
      { type: 'fetch', status: 'succeeded' },
      { status: 'failed', batchSize: 3 },
      { status: null },
    ]);
    expect((await client.listEvents({ runID: run.runID, status: ['failed', null as never] })).events).toHaveLength(2);
  }
  expect(await runToEnd(client, taskID)).toMatchObject({ outcome: 'success' });
});

test('a run may be skipped', async () => {
  const { client, taskID } = await openScripted({ status: 'skipped', reasonCode: 'blocking', reason: 'not now' });
  const run = await runToEnd(client, taskID);
  expect(run).toMatchObject({ status: 'skipped', reasonCode: 'blocking', reason: 'not now' });
  expect(run).not.toHaveProperty('outcome');
});

test('a run may take an hour, which passes when the clock is advanced', async () => {
  const { simulator, client, taskID } = await openScripted({ durationMs: 3_600_000 });
  const { runID } = await client.runTask({ taskID });
  await simulator.control('POST /clock', { advance: 1_800_000 });
  const half = await client.getRun({ runID });
  expect(half).toMatchObject({ status: 'started', progress: { expectedNbOfEvents: 10 } });
  expect(half.progress?.receivedNbOfEvents).toBeGreaterThan(3);
  expect(half.progress?.receivedNbOfEvents).toBeLessThan(6);
  await simulator.control('POST /clock', { advance: 1_810_000 });
  expect(await client.getRun({ runID })).toMatchObject({ status: 'finished', outcome: 'success' });
});

test('a run may move by being polled, so that it lasts as long as somebody waits', async () => {
  const { client, taskID } = await openScripted({ polls: 3 });
  const { runID } = await client.runTask({ taskID });
  await until(
    async () => client.listRuns({ taskID }),
    ({ runs }) => runs[0]?.status === 'started',
  );
  expect(await client.getRun({ runID })).toMatchObject({ status: 'started', progress: { receivedNbOfEvents: 1 } });
  expect(await client.getRun({ runID })).toMatchObject({ status: 'started', progress: { receivedNbOfEvents: 2 } });
  expect(await client.getRun({ runID })).toMatchObject({ status: 'finished', outcome: 'success' });
});

test('a run may never start, make no progress or never finish, until it is finished by hand', async () => {
  for (const [script, expected] of [
    [{ neverStart: true }, { status: 'created' }],
    [{ neverProgress: true }, { status: 'started', progress: { receivedNbOfEvents: 0 } }],
    [{ neverFinish: true }, { status: 'started', progress: { receivedNbOfEvents: 9 } }],
  ] as const) {
    const { simulator, client, taskID } = await openScripted(script);
    const { runID } = await client.runTask({ taskID });
    await simulator.control('POST /clock', { advance: 24 * 3_600_000 });
    expect(await client.getRun({ runID })).toMatchObject(expected);
    await simulator.control(`POST /runs/${runID}/finish`, { outcome: 'failure', reasonCode: 'idle' });
    expect(await client.getRun({ runID })).toMatchObject({
      status: 'finished',
      outcome: 'failure',
      reasonCode: 'idle',
    });
  }
});

test('a script for * is for the runs of any task', async () => {
  const { client, taskID } = await openScripted({ taskID: '*', outcome: 'failure', reasonCode: 'critical' });
  expect(await runToEnd(client, taskID)).toMatchObject({ reasonCode: 'critical' });
});
