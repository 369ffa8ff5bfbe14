import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startSimulator, type Simulator } from '../../simulator/index.ts';
import { createAwaitRun, stayOf, type AwaitRunInput } from '../../src/activities/await-run.ts';
import { callAlgolia, makeConnector } from '../setup/connector.ts';
import { activityParts, attempt } from './setup.ts';

let simulator: Simulator;
let awaitRun: ReturnType<typeof createAwaitRun>;
let comeAndGo: ReturnType<typeof createAwaitRun>;
let isFull: boolean;
let close: () => Promise<void>;

beforeAll(async () => {
  simulator = await startSimulator();
  const { client, keys } = activityParts(simulator);
  awaitRun = createAwaitRun(client, keys);
  comeAndGo = createAwaitRun(client, keys, { slots: 1, isFull: () => isFull });
  close = () => client.close();
});
afterAll(async () => {
  await close();
  await simulator.stop();
});

async function startRun(script: object): Promise<string> {
  const { taskID } = await makeConnector(simulator);
  await simulator.control('POST /runs/script', { taskID, durationMs: 0, ...script });
  const { runID = '' } = await callAlgolia(simulator, `POST /2/tasks/${taskID}/run`, {});
  return runID;
}
const input = (runID: string, more: Partial<AwaitRunInput> = {}): AwaitRunInput => ({
  runID,
  waitMs: 60_000,
  noProgressMs: 60_000,
  idleMs: 0,
  ...more,
});
const failPolls = (runID: string, status: number, times = 1) =>
  simulator.control('POST /faults', { operation: 'getRun', kind: 'status', status, times, match: { runID } });

describe.concurrent('a run', () => {
  test('that ends is told as Algolia has it', async () => {
    const events = [{}, { status: 'critical' }];
    const runID = await startRun({ outcome: 'failure', reasonCode: 'critical', reason: 'no luck', events });
    await vi.waitFor(() => expect(simulator.world.runs.get(runID)?.status).toBe('finished'), { timeout: 150_000 });
    const { result, heartbeats } = attempt(awaitRun, input(runID));
    expect(await result).toMatchObject({
      state: 'ended',
      run: { runID, outcome: 'failure', reasonCode: 'critical', reason: 'no luck' },
      progress: { status: 'finished', received: 2, expected: 10 },
      polls: 1,
      keyVersion: 'env',
    });
    expect(heartbeats).toEqual([expect.objectContaining({ polls: 1, progress: expect.anything() })]);
  });

  test('that goes on is given back when the time is over', async () => {
    const runID = await startRun({ neverFinish: true, durationMs: 60_000 });
    const awaited = await attempt(awaitRun, input(runID, { waitMs: 400 })).result;
    expect(awaited).toMatchObject({ state: 'waiting', run: { runID } });
  });

  test('without progress is stuck, counting the time before this call', async () => {
    const runID = await startRun({ neverStart: true });
    const seen = { status: 'created', received: 0, expected: 0 };
    const awaited = await attempt(awaitRun, input(runID, { idleMs: 59_900, seen })).result;
    expect(awaited).toMatchObject({ state: 'stuck' });
    expect(awaited.idleMs).toBeGreaterThanOrEqual(60_000);
  });

  test('with progress since it was last seen is not stuck', async () => {
    const runID = await startRun({ neverStart: true });
    const seen = { status: 'waiting in line', received: 0, expected: 0 };
    const awaited = await attempt(awaitRun, input(runID, { idleMs: 59_900, waitMs: 300, seen })).result;
    expect(awaited).toMatchObject({ state: 'waiting' });
    expect(awaited.idleMs).toBeLessThan(10_000);
  });

  test('finished without an outcome is read again before that is believed', async () => {
    const runID = await startRun({ outcome: 'success' });
    await vi.waitFor(() => expect(simulator.world.runs.get(runID)?.status).toBe('finished'), { timeout: 150_000 });
    const body = { runID, status: 'finished' };
    await simulator.control('POST /faults', {
      operation: 'getRun',
      kind: 'status',
      status: 200,
      body,
      match: { runID },
    });
    expect(await attempt(awaitRun, input(runID)).result).toMatchObject({ polls: 2, run: { outcome: 'success' } });
  });
});

describe.concurrent('an attempt after a crash', () => {
  test('goes on where the one before it was', async () => {
    const runID = await startRun({ neverStart: true });
    const longAgo = Date.now() - 3_600_000;
    const before = { startedAt: longAgo, progressAt: Date.now(), polls: 41 };
    expect(await attempt(awaitRun, input(runID), before).result).toMatchObject({ state: 'waiting', polls: 42 });
  });

  test('knows for how long there was no progress', async () => {
    const runID = await startRun({ neverStart: true });
    const progress = { status: 'created', received: 0, expected: 0 };
    const before = { startedAt: Date.now(), progressAt: Date.now() - 70_000, polls: 5, progress };
    expect(await attempt(awaitRun, input(runID), before).result).toMatchObject({ state: 'stuck' });
  });
});

describe.concurrent('a poll that fails', () => {
  test.for([404, 429, 500, 503])('with %i is followed by another', async (status) => {
    const runID = await startRun({});
    await failPolls(runID, status);
    const awaited = await attempt(awaitRun, input(runID)).result;
    expect(awaited).toMatchObject({ state: 'ended', polls: 2 });
    expect(awaited).not.toHaveProperty('pollError');
  });

  test('is told when the time is over', async () => {
    const runID = await startRun({});
    await failPolls(runID, 502, -1);
    const awaited = await attempt(awaitRun, input(runID, { waitMs: 200 })).result;
    expect(awaited).toMatchObject({ state: 'waiting', pollError: 'getRun: answered 502: Simulated fault' });
    expect(awaited).not.toHaveProperty('run');
  });

  test.for([
    { status: 400, type: 'AlgoliaInvalid' },
    { status: 403, type: 'AlgoliaAuth' },
  ])('with $status ends the wait: no other poll would mend it', async ({ status, type }) => {
    const runID = await startRun({});
    await failPolls(runID, status);
    await expect(attempt(awaitRun, input(runID)).result).rejects.toMatchObject({ type, nonRetryable: true });
  });

  test('because the run is gone ends the wait, unless the run is new', async () => {
    const before = { startedAt: Date.now() - 61_000, progressAt: Date.now(), polls: 9 };
    await expect(attempt(awaitRun, input('no-such-run'), before).result).rejects.toMatchObject({
      type: 'AlgoliaInvalid',
      message: expect.stringContaining('404'),
    });
  });
});

describe('on a worker without a free place', () => {
  test('a wait gives up its own after a while, and goes on if there is one', async () => {
    const runID = await startRun({ neverFinish: true, durationMs: 600_000 });
    isFull = true;
    const left = attempt(comeAndGo, input(runID));
    const stayed = attempt(awaitRun, input(runID, { waitMs: 11_000 }));
    expect(await left.result).toMatchObject({ state: 'waiting', run: { runID } });
    expect((await left.result).polls).toBeLessThanOrEqual((await stayed.result).polls);
  });

  test('it keeps it for longer the more places there are, and the longer the run takes', () => {
    const minutes = 60_000;
    const old = { createdAt: new Date(Date.now() - 100 * minutes).toISOString() };
    expect(stayOf({ slots: 1 }, undefined)).toBe(10_000);
    expect(stayOf({ slots: 50 }, { createdAt: 'unreadable' })).toBe(100_000);
    expect(stayOf({ slots: 4 }, old) / minutes).toBeCloseTo(1, 1);
  });
});

test('a cancellation ends the wait at once', async () => {
  const runID = await startRun({ neverStart: true });
  const { result, heartbeats, cancel } = attempt(awaitRun, input(runID));
  await vi.waitFor(() => expect(heartbeats).toHaveLength(1), { timeout: 150_000 });
  cancel();
  await expect(result).rejects.toMatchObject({ name: 'CancelledFailure' });
});
