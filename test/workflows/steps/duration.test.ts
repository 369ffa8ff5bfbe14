import { expect, test } from 'vitest';
import { duration } from '../../../src/activities/inputs/vocabulary.ts';
import { durationMs, tryDurationMs } from '../../../src/workflows/steps/duration.ts';

test.for([
  ['250ms', 250],
  ['30s', 30_000],
  ['1.5m', 90_000],
  ['2h', 7_200_000],
  ['1d', 86_400_000],
  ['3650d', 315_360_000_000],
] as const)('%s is %i ms, and every input takes it', ([text, ms]) => {
  expect(durationMs(text)).toBe(ms);
  expect(duration.safeParse(text).success).toBe(true);
});

test.for(['', 's', '1', '1 h', '-1h', '1w', '1e3s', ' 1s', '1s\n'])(
  '%j is none, for an input as for a workflow',
  (text) => {
    expect(tryDurationMs(text)).toBeUndefined();
    expect(duration.safeParse(text).success).toBe(false);
    expect(() => durationMs(text)).toThrow('is no duration such as "30m"');
  },
);

test.for(['3651d', '999999999d', '9'.repeat(400) + 's'])('%s is too long, for an input as for a workflow', (text) => {
  expect(tryDurationMs(text)).toBeUndefined();
  expect(duration.safeParse(text).error?.issues[0]?.message).toBe('longer than ten years');
});

test.for([undefined, null, 30, {}, ['1s']])('%j, from a signal, is none', (value) => {
  expect(tryDurationMs(value)).toBeUndefined();
});
