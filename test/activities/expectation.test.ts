import { expect, test } from 'vitest';
import { unmetBy } from '../../src/activities/expectation.ts';

const OUTPUT = { title: 'Alien', price: { amount: 12 }, 'a.b': [{ c: null }], tags: ['x', 'y'] };

test.for([
  [{ path: 'title', equals: 'Alien' }],
  [{ path: 'price', equals: { amount: 12 } }],
  [{ path: 'price.amount', matches: '^1\\d$' }],
  [{ path: 'tags[1]', equals: 'y' }],
  [{ path: ['a.b', 0, 'c'], equals: null }],
  [{ path: ['a.b', 0, 'c'], exists: true }],
  [{ path: 'tags[2]', exists: false }],
  [{ path: 'title.length', exists: false }],
  [{ path: 'constructor', exists: false }],
])('%j is met', ([expectation = { path: '' }]) => {
  expect(unmetBy([OUTPUT], expectation)).toBeUndefined();
});

test.for([
  [{ path: 'title', equals: 'Aliens' }, '"Aliens"', '"Alien"'],
  [{ path: 'price.amount', equals: '12' }, '"12"', '12'],
  [{ path: 'price.value', equals: 12 }, '12', 'nothing'],
  [{ path: 'price.value', matches: '.' }, 'a match of /./u', 'nothing'],
  [{ path: 'tags', exists: false }, 'nothing', '["x","y"]'],
  [{ path: 'year', exists: true }, 'a value', 'nothing'],
] as const)('%j is not, and it is said what was expected and what is there', ([expectation, expected, got]) => {
  expect(unmetBy([OUTPUT], expectation)).toEqual({ path: expectation.path, expected, got });
});

test('every record that came out must meet it', () => {
  expect(unmetBy([OUTPUT, { title: 'B' }], { path: 'title', equals: 'Alien' })).toMatchObject({
    got: '"B" (output 2 of 2)',
  });
});

test('a record that is dropped has nothing', () => {
  expect(unmetBy([], { path: 'title', exists: false })).toBeUndefined();
  expect(unmetBy([], { path: 'title', exists: true })).toMatchObject({ got: 'nothing: the record is dropped' });
});

test('a pattern that backtracks without end is not waited for', () => {
  const output = { title: 'a'.repeat(100) };
  expect(unmetBy([output], { path: 'title', matches: '^(a+)+$b' })?.got).toMatch(/takes too long/);
});
