import { expect, test } from 'vitest';
import { timeWindow } from '../../src/activities/time-window.ts';

const look = async (at: string, from: string, to: string, timezone: string) => {
  const { open, changesAt } = await timeWindow({ window: { from, to, timezone }, at: Date.parse(at) });
  return `${open ? 'open' : 'closed'} until ${new Date(changesAt).toISOString()}`;
};

test.each([
  ['during the day', '2026-06-01T10:15:30Z', '09:00', '17:00', 'UTC', 'open until 2026-06-01T17:00:00.000Z'],
  ['before it', '2026-06-01T08:59:59Z', '09:00', '17:00', 'UTC', 'closed until 2026-06-01T09:00:00.000Z'],
  ['to the minute', '2026-06-01T17:00:00Z', '09:00', '17:00', 'UTC', 'closed until 2026-06-02T09:00:00.000Z'],
  ['over midnight, before it', '2026-06-01T23:00:00Z', '22:00', '06:00', 'UTC', 'open until 2026-06-02T06:00:00.000Z'],
  ['over midnight, after it', '2026-06-02T05:00:00Z', '22:00', '06:00', 'UTC', 'open until 2026-06-02T06:00:00.000Z'],
  ['elsewhere', '2026-06-01T21:00:00Z', '22:00', '06:00', 'Europe/Berlin', 'open until 2026-06-02T04:00:00.000Z'],
  [
    'half an hour off',
    '2026-06-01T00:00:00Z',
    '06:00',
    '07:00',
    'Asia/Kolkata',
    'closed until 2026-06-01T00:30:00.000Z',
  ],
  // 29 March 2026: from 02:00 to 03:00. 25 October: from 03:00 to 02:00.
  [
    'in a night of seven hours',
    '2026-03-28T21:30:00Z',
    '22:00',
    '06:00',
    'Europe/Berlin',
    'open until 2026-03-29T04:00:00.000Z',
  ],
  [
    'in a night of nine hours',
    '2026-10-24T21:00:00Z',
    '22:00',
    '06:00',
    'Europe/Berlin',
    'open until 2026-10-25T05:00:00.000Z',
  ],
  [
    'that the clocks jump over',
    '2026-03-29T00:30:00Z',
    '02:10',
    '02:50',
    'Europe/Berlin',
    'closed until 2026-03-30T00:10:00.000Z',
  ],
])('a window is open or closed, and until when: %s', async (_, at, from, to, timezone, expected) => {
  expect(await look(at, from, to, timezone)).toBe(expected);
});
