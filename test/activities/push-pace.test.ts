import { expect, test } from 'vitest';
import { createPushPace } from '../../src/activities/push-pace.ts';

test('half as many at a time when told to slow down, however many were told at once', () => {
  const pace = createPushPace(8);
  for (let batch = 0; batch < 8; batch += 1) pace.slowDown(60_000);
  expect(pace.limit).toBe(4);
  expect(pace.notBefore - Date.now()).toBeGreaterThan(59_000);
});

test('never less than one, and never less patient than told before', () => {
  const pace = createPushPace(2);
  for (let time = 0; time < 5; time += 1) pace.slowDown(0);
  expect(pace.limit).toBe(1);
  pace.slowDown(60_000);
  pace.slowDown(1_000);
  expect(pace.notBefore - Date.now()).toBeGreaterThan(59_000);
});

test('one more after as many successes as there may be batches, up to what was asked for', () => {
  const pace = createPushPace(4);
  pace.slowDown(0);
  expect(pace.limit).toBe(2);
  pace.succeeded();
  expect(pace.limit).toBe(2);
  pace.succeeded();
  expect(pace.limit).toBe(3);
  for (let success = 0; success < 100; success += 1) pace.succeeded();
  expect(pace.limit).toBe(4);
});
