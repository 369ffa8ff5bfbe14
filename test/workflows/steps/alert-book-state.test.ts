import { expect, test } from 'vitest';
import type { AlertReport } from '../../../src/activities/alert-book-reports.ts';
import type { Problem } from '../../../src/activities/problem.ts';
import { emptyPage, kindOf, turnPage, type ChannelPage } from '../../../src/workflows/steps/alert-book-state.ts';

const HOUR_MS = 3_600_000;
const problem = (n: number | string): Problem => ({ key: `task/${n}/stale`, kind: 'connector.stale', text: `${n}` });
const reportOf = (problems: readonly Problem[], fine: readonly string[] = []): AlertReport => ({
  channels: ['ops'],
  repeatEveryMs: HOUR_MS,
  problems,
  fine,
});
const newsOf = ({ letters }: ChannelPage) => letters.map(kindOf);
const delivered = (page: ChannelPage): ChannelPage => ({ ...page, letters: [] });

test('each problem is told by itself, a flood of them in one notice', () => {
  expect(newsOf(turnPage(emptyPage, reportOf([problem(1), problem(2)]), 0))).toEqual([
    'connector.stale',
    'connector.stale',
  ]);
  const flood = turnPage(emptyPage, reportOf(Array.from({ length: 21 }, (_, n) => problem(n))), 0);
  expect(newsOf(flood)).toEqual(['watch.many']);
  expect(flood.letters[0]?.alerts).toHaveLength(21);
});

test('a problem is told again only when it is time, and not while it waits to be told', () => {
  const first = turnPage(emptyPage, reportOf([problem(1)]), 0);
  expect(newsOf(turnPage(first, reportOf([problem(1)]), 2 * HOUR_MS))).toEqual(['connector.stale']);
  const told = delivered(first);
  expect(newsOf(turnPage(told, reportOf([problem(1)]), HOUR_MS - 1))).toEqual([]);
  const again = turnPage(told, reportOf([problem(1)]), HOUR_MS);
  expect(newsOf(again)).toEqual(['connector.stale.repeated']);
  expect(again.letters[0]?.alerts[0]?.since).toBe('1970-01-01T00:00:00.000Z');
});

test('a problem that ends before anybody could be told is told with its end', () => {
  const raised = turnPage(emptyPage, reportOf([problem(1)]), 0);
  const ended = turnPage(raised, reportOf([], ['task/1/stale']), 1);
  expect(newsOf(ended)).toEqual(['connector.stale', 'connector.stale.recovered']);
  expect(newsOf(turnPage(ended, reportOf([], ['task/1/stale']), 2))).toHaveLength(2);
});

test('what no watch looks at any more is forgotten after a week, without being called fine', () => {
  const raised = delivered(turnPage(emptyPage, reportOf([problem(1), problem(2)]), 0));
  const week = 7 * 24 * HOUR_MS;
  expect(Object.keys(turnPage(raised, reportOf([problem(2)]), week).alerts)).toHaveLength(2);
  const later = turnPage(raised, reportOf([problem(2)]), week + 1);
  expect(Object.keys(later.alerts)).toEqual(['task/2/stale']);
  expect(newsOf(later)).toEqual(['connector.stale.repeated']);
});

test('a page keeps within bounds however long nobody takes a notice', () => {
  let page = emptyPage;
  for (let round = 0; round < 200; round += 1) {
    page = turnPage(page, reportOf([problem(1), problem(2)]), round);
    page = turnPage(page, reportOf([], [problem(1).key, problem(2).key]), round);
  }
  expect(page.letters).toHaveLength(300);
  expect(page.dropped).toBe(500);
  const everything = Array.from({ length: 10_000 }, (_, n) => problem(n));
  expect(Object.keys(turnPage(emptyPage, reportOf(everything), 0).alerts)).toHaveLength(600);
});

test('a page keeps within bounds also when floods come and go while nobody takes a notice', () => {
  const many = Array.from({ length: 500 }, (_, n) => ({ ...problem(n), text: 'x'.repeat(200) }));
  const keys = many.map(({ key }) => key);
  let page = emptyPage;
  for (let hour = 0; hour < 40; hour += 1)
    page = turnPage(page, hour % 2 === 0 ? reportOf(many) : reportOf([], keys), hour * HOUR_MS);
  expect(JSON.stringify(page).length).toBeLessThan(1_000_000);
  expect(page.letters.length + page.dropped).toBe(40);
  expect(newsOf(page).at(-1)).toBe('watch.many.recovered');
});
