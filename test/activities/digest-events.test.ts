import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { startSimulator, type Simulator } from '../../simulator/index.ts';
import { createDigestEvents } from '../../src/activities/digest-events.ts';
import { callAlgolia, makeConnector } from '../setup/connector.ts';
import { activityParts, attempt } from './setup.ts';

let simulator: Simulator;
let close: () => Promise<void>;
let digest: (maxFailures?: number, received?: number) => ReturnType<ReturnType<typeof createDigestEvents>>;
let run: { runID: string; createdAt: string };

beforeEach(async () => {
  simulator = await startSimulator();
  const { client, keys } = activityParts(simulator);
  close = () => client.close();
  const digestEvents = createDigestEvents(client, keys);
  digest = (maxFailures = 50, received = 0) =>
    attempt(digestEvents, { runID: run.runID, startDate: run.createdAt, maxFailures, received }).result;
});
afterEach(async () => {
  await close();
  await simulator.stop();
});

async function runWith(events: object[]): Promise<void> {
  const { taskID } = await makeConnector(simulator);
  await simulator.control('POST /runs/script', { taskID, durationMs: 0, events });
  run = await callAlgolia(simulator, `POST /2/tasks/${taskID}/run`, {});
  await vi.waitFor(() => expect(simulator.world.runs.get(run.runID)?.status).toBe('finished'), { timeout: 150_000 });
}
const times = (count: number, event: object) => Array.from({ length: count }, () => event);
const listed = () => simulator.world.requests.list({ operation: 'listEvents' });

test('events are counted by type and status over all pages', async () => {
  await runWith([
    ...times(150, {}),
    ...times(80, { type: 'transform' }),
    { type: 'log', status: null },
    { type: 'fetch' },
  ]);
  expect(await digest()).toEqual({
    counts: { record: { succeeded: 150 }, transform: { succeeded: 80 }, log: { none: 1 }, fetch: { succeeded: 1 } },
    total: 232,
    failed: 0,
    failures: [],
  });
  expect(listed()).toHaveLength(3);
});

test('the first failures are listed, oldest first, with what they say', async () => {
  const data = { message: 'x'.repeat(3_000) };
  await runWith([
    { status: 'failed', batchSize: 7, data: { n: 1 } },
    ...times(130, {}),
    { status: 'critical', data },
    ...times(120, { status: 'failed' }),
  ]);
  const { failed, failures } = await digest(110);
  expect(failed).toBe(122);
  expect(failures).toHaveLength(110);
  expect(failures[0]).toMatchObject({ type: 'record', status: 'failed', batchSize: 7, data: '{"n":1}' });
  expect(failures[1]).toMatchObject({ status: 'critical' });
  expect(failures[1]?.data).toHaveLength(1_000);
  expect(failures[2]).not.toHaveProperty('data');
});

test('no failures are asked for where there are none, or none are wanted', async () => {
  await runWith([{}]);
  await digest();
  expect(listed()).toHaveLength(1);
  await runWith([{ status: 'failed' }]);
  expect(await digest(0)).toMatchObject({ failed: 1, failures: [] });
});

test('events that show only after the run is over are waited for, but not for ever', async () => {
  await runWith([{}, {}, { status: 'failed' }]);
  const { events } = simulator.world.runs.get(run.runID)!;
  const [, ...late] = [...events];
  for (const [eventID] of late) events.delete(eventID);
  setTimeout(() => late.forEach(([eventID, event]) => events.set(eventID, event)), 500);
  expect(await digest(50, 3)).toMatchObject({ total: 3, failed: 1 });
  expect(await digest(50, 4)).toMatchObject({ total: 3, failed: 1 });
});

test('a run with very many events is counted by the API', async () => {
  await runWith([...times(2_100, {}), ...times(3, { status: 'failed' }), { type: 'fetch', status: 'critical' }]);
  expect(await digest(2)).toMatchObject({
    counts: { record: { succeeded: 2_100, failed: 3 }, fetch: { critical: 1 } },
    total: 2_104,
    failed: 4,
    failures: [{ type: 'record' }, { type: 'record' }],
  });
  expect(listed().length).toBeLessThan(30);
});

test('events of a run that began yesterday are read: the API by itself looks back three hours', async () => {
  await runWith(times(5, {}));
  await simulator.control('POST /clock', { advance: 30 * 3_600_000 });
  expect(await digest()).toMatchObject({ total: 5 });
  for (const { query } of listed()) expect(query.startDate).toBe(run.createdAt);
});

test('where no answer says when the run was created, or says it in another form, its events are read all the same', async () => {
  await runWith([{}, { status: 'failed' }]);
  for (const createdAt of ['', '2026-11-27 07:00:00', '1764225600', 'Fri, 27 Nov 2026 07:00:00 GMT']) {
    run.createdAt = createdAt;
    expect(await digest()).toMatchObject({ total: 2, failed: 1 });
  }
});

test('a refusal fails the activity for good, an outage for a while', async () => {
  await runWith([{}]);
  await simulator.control('POST /faults', { operation: 'listEvents', kind: 'status', status: 403 });
  await expect(digest()).rejects.toMatchObject({ type: 'AlgoliaAuth', nonRetryable: true });
  await simulator.control('POST /faults', { operation: 'listEvents', kind: 'reset' });
  await expect(digest()).rejects.toMatchObject({ type: 'AlgoliaUnavailable', nonRetryable: false });
});
