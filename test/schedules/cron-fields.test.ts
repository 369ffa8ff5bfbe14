import { Cron } from 'croner';
import { expect, test } from 'vitest';
import { formatCron, parseCron, toRanges } from '../../src/schedules/cron-fields.ts';

test.each([
  ['0 3 * * *', '0 3 * * *'],
  ['*/15 * * * *', '*/15 * * * *'],
  ['0,15,30,45 * * * *', '*/15 * * * *'],
  ['0 0-23 * * *', '0 * * * *'],
  ['30 4 1,15 * *', '30 4 1,15 * *'],
  ['0 0 * * MON-FRI', '0 0 * * 1-5'],
  ['0 0 * * 7', '0 0 * * 0'],
  ['0 0 * jan,dec *', '0 0 * 1,12 *'],
  ['5-10/2 * * * *', '5,7,9 * * * *'],
  ['*/45 * * * *', '0,45 * * * *'],
])('%s means %s', (cron, canonical) => {
  expect(formatCron(parseCron(cron))).toBe(canonical);
  expect(formatCron(parseCron(canonical))).toBe(canonical);
});

test.each(['7 */3 * * *', '*/7 2,4 * * *', '0 0 */10 * *', '15 6 * 2-11/3 *', '0 22 * * 5-7', '59 23 29 2 *'])(
  '%s names the times that another reader of crons finds',
  (cron) => {
    const { minute, hour, dayOfMonth, month, dayOfWeek } = parseCron(cron);
    const runs = new Cron(cron, { timezone: 'UTC', paused: true }).nextRuns(200, new Date('2026-01-01T00:00:00Z'));
    const of = (read: (at: Date) => number) => new Set(runs.map(read));
    expect(of((at) => at.getUTCMinutes())).toEqual(new Set(minute));
    for (const [named, values] of [
      [hour, of((at) => at.getUTCHours())],
      [dayOfMonth, of((at) => at.getUTCDate())],
      [month, of((at) => at.getUTCMonth() + 1)],
      [dayOfWeek, of((at) => at.getUTCDay())],
    ] as const)
      expect([...values].filter((value) => !named.includes(value))).toEqual([]);
  },
);

test.each([
  ['0 3 * *', 'expected five fields'],
  ['@daily', 'expected five fields'],
  ['0 0 3 * * *', 'expected five fields'],
  ['61 * * * *', '61'],
  ['0 3 L * *', 'expected numbers, names'],
  ['0 3 1 * 1', 'make two schedules of it'],
])('%s is refused', (cron, why) => {
  expect(() => parseCron(cron)).toThrow(why);
});

test('neighbours make ranges', () => {
  expect(toRanges([1, 2, 3, 5, 8, 9])).toEqual([
    { start: 1, end: 3 },
    { start: 5, end: 5 },
    { start: 8, end: 9 },
  ]);
});
