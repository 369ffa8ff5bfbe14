import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadSchedules } from '../../src/schedules/schedules-file.ts';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'schedules-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

function load(text: string) {
  const path = join(directory, 'schedules.yaml');
  writeFileSync(path, text);
  return loadSchedules(path);
}
const one = (more: string) => `schedules:\n  - {id: a, workflow: syncTask, input: {taskID: t}, ${more}}`;

test('the example is a file of schedules', () => {
  const { project, schedules } = loadSchedules(fileURLToPath(new URL('../../config/schedules.yaml', import.meta.url)));
  expect(project).toBe('algolia-ingestion');
  expect(schedules.map(({ id }) => id)).toEqual(['nightly-products', 'monthly-shops', 'watch']);
});

test('what is left out has a default, and the catch-up window is not a year', () => {
  expect(load(one('every: 1h')).schedules[0]).toEqual({
    id: 'a',
    workflow: 'syncTask',
    input: { taskID: 't' },
    every: 3_600_000,
    timezone: 'UTC',
    jitter: 0,
    overlap: 'SKIP',
    catchupWindow: 600_000,
    pauseOnFailure: false,
    takeOverCron: false,
  });
  expect(load(one('every: 1h, overlap: bufferOne')).schedules[0]).toMatchObject({ overlap: 'BUFFER_ONE' });
});

test.each([
  [one(''), 'schedules[0].cron: say when: either cron or every'],
  [one('every: 1h, cron: 0 3 * * *'), 'schedules[0].cron: say when'],
  [one('cron: 0 3 * *'), 'schedules[0].cron: expected five fields'],
  [one('every: soon'), 'schedules[0].every: expected a duration'],
  [one('every: 1h, timezone: Mars'), 'schedules[0].timezone: expected a time zone'],
  [
    one('every: 1h, timezone: europe/berlin'),
    'schedules[0].timezone: expected capitals where the tz database has them',
  ],
  [one('every: 1h, timezone: EUROPE/Berlin'), 'schedules[0].timezone: expected capitals'],
  [one('every: 1h, timezone: us/eastern'), 'schedules[0].timezone: expected capitals'],
  [one('every: 1h, timezone: utc'), 'schedules[0].timezone: expected capitals'],
  [one('every: 1h, overlap: never'), 'schedules[0].overlap: expected one of SKIP, BUFFER_ONE'],
  [one('every: 1h, catchupWindow: 1s'), 'schedules[0].catchupWindow: ten seconds at least'],
  [one('every: 1h, pauseOnFailure: true, overlap: ALLOW_ALL'), 'schedules[0].pauseOnFailure: does not go with'],
  [one('every: 1h, colour: red'), 'schedules[0].colour: unknown field'],
  ['schedules:\n  - {id: a b, every: 1h, workflow: syncTask, input: {taskID: t}}', 'schedules[0].id: expected letters'],
  [
    'schedules:\n  - {id: a, every: 1h, workflow: syncTask, input: {taskId: t}}',
    'schedules[0].input.taskId: unknown field',
  ],
  ['schedules:\n  - {id: a, every: 1h, workflow: synctask, input: {}}', 'schedules[0].workflow'],
  [
    'schedules:\n  - {id: a, every: 1h, workflow: watchConnectors, pauseOnFailure: true, input: {taskFilter: {}, alert: x}}',
    'would silence the alarm',
  ],
  [
    `${one('every: 1h')}\n  - {id: a, every: 1h, workflow: syncTask, input: {taskID: t}}`,
    "schedules[0] has the id 'a' already",
  ],
  ['schedules: [', 'schedules.yaml: '],
  ['project: a\nschedules:\n\t- id: b', /at line 3, column 1$/],
  ['', /schedules\.yaml:\n  expected object/],
  ['schedules: []\n---\nschedules: []', 'it holds several documents (---), and only one can be read'],
])('%s is refused', (text, message) => {
  expect(() => load(text)).toThrow(message);
});

test('what schedules have in common can be written once', () => {
  const text = 'schedules:\n  - &a {id: a, every: 1h, workflow: syncTask, input: {taskID: t}}\n  - {<<: *a, id: b}';
  expect(load(text)).toMatchObject({ schedules: [{ id: 'a' }, { id: 'b', workflow: 'syncTask' }] });
});

test('a file that is not there is named', () => {
  expect(() => loadSchedules('/nowhere/schedules.yaml')).toThrow(
    '/nowhere/schedules.yaml: cannot be read: there is no such file or directory',
  );
});

test.each([
  'UTC',
  'GMT',
  'Europe/Berlin',
  'US/Eastern',
  'EST5EDT',
  'America/Port-au-Prince',
  'Etc/GMT+3',
  'America/Argentina/Buenos_Aires',
])('%s is a time zone', (timezone) => {
  expect(load(one(`every: 1h, timezone: ${timezone}`)).schedules[0]).toMatchObject({ timezone });
});

test('a tag that nobody knows is not passed over', () => {
  expect(() => load('schedules:\n  - {id: a, every: 1h, workflow: syncTask, input: {taskID: !env TASK}}')).toThrow(
    'unknown tag: !env at line 2, column 60',
  );
});
