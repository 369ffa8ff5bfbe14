import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createPace, OutOfTurn } from '../../src/algolia/pace.ts';

const patient = { withinMs: 60_000 };

test('who asks while nobody does has its turn at once', async () => {
  const pace = createPace(0.001);
  await pace.turn({ withinMs: 0 });
});

test('no more than so many pass in a second, in the order of asking', async () => {
  const perSecond = 100;
  const pace = createPace(perSecond);
  const passed: number[] = [];
  const startedAt = performance.now();
  const times = await Promise.all(
    Array.from({ length: 50 }, async (_, place) => {
      await pace.turn(patient);
      passed.push(place);
      return performance.now() - startedAt;
    }),
  );
  expect(passed).toEqual(Array.from({ length: 50 }, (_, place) => place));
  // Later is well, on a busy machine; earlier is not.
  for (const [place, at] of times.entries()) expect(at).toBeGreaterThan(((place - 2) * 1_000) / perSecond - 1);
});

test('what a process that stood still has missed is not made up for', async () => {
  const pace = createPace(50);
  await pace.turn(patient);
  const times: number[] = [];
  const turns = Promise.all(
    Array.from({ length: 10 }, async () => {
      await pace.turn(patient);
      times.push(performance.now());
    }),
  );
  const until = performance.now() + 300;
  while (performance.now() < until);
  await turns;
  expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeGreaterThan((9 * 1_000) / 50 - 2);
});

test('who would wait for too long is sent away, each to come back after the one before', async () => {
  const pace = createPace(1);
  await pace.turn(patient);
  const away = async () => {
    const error: unknown = await pace.turn({ withinMs: 100 }).catch((refusal: unknown) => refusal);
    expect(error).toBeInstanceOf(OutOfTurn);
    return (error as OutOfTurn).waitMs;
  };
  const [first, second, third] = [await away(), await away(), await away()];
  expect(first).toBeGreaterThan(1_000);
  expect(second).toBeGreaterThan(first);
  expect(third).toBeGreaterThan(second);
});

test('a wait that is called off leaves its place to the next', async () => {
  const pace = createPace(20);
  await pace.turn(patient);
  const given = new AbortController();
  const called = pace.turn({ ...patient, signal: given.signal });
  const next = pace.turn(patient);
  given.abort(new Error('called off'));
  await expect(called).rejects.toThrow('called off');
  await next;
  await expect(pace.turn({ ...patient, signal: given.signal })).rejects.toThrow('called off');
  // Nobody is left in the line, so there is nothing to wait for once the last turn is over.
  await delay(100);
  await pace.turn({ withinMs: 0 });
});
