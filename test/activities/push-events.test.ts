import { afterEach, expect, test } from 'vitest';
import { createEventReader } from '../../src/activities/push-events.ts';
import { configuredApiKeys } from '../../src/secrets/api-keys.ts';
import { createScrubber } from '../../src/secrets/scrubber.ts';
import { answerJson, clientFor, startServer, type LoopbackServer } from '../algolia/loopback.ts';

const NOW = Date.now();
const SECOND_MS = 1_000;
let server: LoopbackServer;
afterEach(() => server.close());

interface ServedEvent {
  readonly eventID: string;
  readonly status: string | null;
  readonly publishedAt: string;
  readonly data?: unknown;
}

/** Lists and gets these events as the API does, newest first. */
async function serve(events: readonly ServedEvent[]) {
  server = await startServer(({ path, query }, response) => {
    const [, , , runID = '', , eventID] = path.split('/');
    const parameters = new URLSearchParams(query);
    if (eventID !== undefined) {
      const event = events.find((it) => it.eventID === eventID);
      return event ? answerJson(response, { runID, ...event }) : answerJson(response, { message: 'Not Found' }, 404);
    }
    expect(parameters.get('order')).toBe('desc');
    const wanted = events.filter(({ publishedAt }) => publishedAt >= (parameters.get('startDate') ?? '')).toReversed();
    const page = Number(parameters.get('page'));
    return answerJson(response, { events: wanted.slice((page - 1) * 100, page * 100) });
  });
  const keys = configuredApiKeys({ value: 'a-key-for-events' }, createScrubber());
  const reader = createEventReader(clientFor(server.origin), keys);
  const read = (awaited: Parameters<typeof reader.read>[0]) => reader.read(awaited, new AbortController().signal);
  return { read, paths: () => server.requests.map(({ path }) => path) };
}

const pushed = (count: number, { runID = 'run', ageMs = 0 } = {}) =>
  Array.from({ length: count }, (_, n) => ({
    runID,
    eventID: `${runID}-e${n}`,
    acceptedAt: NOW - ageMs + n,
    since: NOW - ageMs,
  }));
const event = (eventID: string, status: string | null = 'succeeded', data?: unknown): ServedEvent => ({
  eventID,
  status,
  publishedAt: new Date(NOW + SECOND_MS).toISOString(),
  ...(data === undefined ? {} : { data }),
});

test('reads a hundred events of a run with one request', async () => {
  const { read, paths } = await serve(pushed(100).map(({ eventID }) => event(eventID)));
  expect((await read(pushed(100))).size).toBe(100);
  expect(paths()).toEqual(['/1/runs/run/events']);
});

test('asks for a few events one by one, and for those of another run apart', async () => {
  const { read, paths } = await serve([event('a-e0'), event('b-e0'), event('b-e1')]);
  expect((await read([...pushed(1, { runID: 'a' }), ...pushed(2, { runID: 'b' })])).size).toBe(3);
  expect(paths().toSorted()).toEqual(['/1/runs/a/events/a-e0', '/1/runs/b/events/b-e0', '/1/runs/b/events/b-e1']);
});

test('looks no later than from when the answer was here, whatever date the answer had', async () => {
  const { read } = await serve(pushed(30).map(({ eventID }) => event(eventID)));
  const fiveHoursLater = pushed(30).map((push) => ({ ...push, acceptedAt: NOW + 5 * 3_600_000 }));
  expect((await read(fiveHoursLater)).size).toBe(30);
});

test('asks for a late event by itself, so that the list need not reach back to it', async () => {
  const { read, paths } = await serve(pushed(10).map(({ eventID }) => event(eventID)));
  await read([...pushed(1, { runID: 'run', ageMs: 60_000 }).map((it) => ({ ...it, eventID: 'late' })), ...pushed(10)]);
  expect(paths().toSorted()).toEqual(['/1/runs/run/events', '/1/runs/run/events/late']);
  const startDate = new URLSearchParams(server.requests.find(({ path }) => path.endsWith('/events'))?.query).get(
    'startDate',
  );
  expect(Date.parse(startDate ?? '')).toBeGreaterThan(NOW - 10 * SECOND_MS);
});

test('an event that is not there, not over or informational says nothing yet', async () => {
  const { read } = await serve([event('run-e0', 'created'), event('run-e1', null)]);
  expect(await read(pushed(3))).toEqual(new Map());
  expect(await read(pushed(10))).toEqual(new Map());
});

test('a run that is not there yet says nothing yet either', async () => {
  server = await startServer((_, response) => answerJson(response, { message: 'Not Found' }, 404));
  const keys = configuredApiKeys({ value: 'a-key-for-events' }, createScrubber());
  const reader = createEventReader(clientFor(server.origin), keys);
  expect(await reader.read(pushed(10), new AbortController().signal)).toEqual(new Map());
});

test('tells which records failed and why, where the event does', async () => {
  const { read } = await serve([
    event('run-e0', 'failed', { message: 'no room', objectIDs: ['a', 7] }),
    event('run-e1', 'critical', { why: 'x'.repeat(1_000) }),
    event('run-e2', 'failed', null),
  ]);
  const outcomes = await read(pushed(3));
  expect(outcomes.get('run-e0')).toEqual({
    outcome: 'failed',
    reason: 'its event is failed: no room',
    objectIDs: ['a'],
  });
  expect(outcomes.get('run-e1')).toMatchObject({
    reason: expect.stringMatching(/^its event is critical: {"why":"x{200,}$/),
  });
  expect(outcomes.get('run-e2')).toMatchObject({ reason: 'its event is failed: no reason given', objectIDs: [] });
});
