import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { replaceLockID, temporaryIndexName, temporaryIndexOf } from '../../src/activities/replace-names.ts';
import { replaceAllRecordsId } from '../../src/workflows/replace-all-records.ts';

test('one run has one temporary index, whose name tells what it is for', () => {
  const runID = randomUUID();
  const name = temporaryIndexName('products', runID);
  expect(name).toMatch(/^products_tmp_[0-9a-f]{8}$/);
  expect(temporaryIndexName('products', runID)).toBe(name);
  expect(temporaryIndexName('products', randomUUID())).not.toBe(name);
  expect(temporaryIndexOf(name)).toBe('products');
});

test("the temporary index of an index that is called like one is that index's own", () => {
  const outer = temporaryIndexName('a_tmp_0123abcd', randomUUID());
  expect(temporaryIndexOf(outer)).toBe('a_tmp_0123abcd');
});

test.each(['products', 'logs_tmp_20261124', 'products_tmp_0123abcd', '_tmp_01234567', 'products_tmp_123456', ''])(
  "a user's own index %j is not taken for a temporary one",
  (name) => expect(temporaryIndexOf(name)).toBeUndefined(),
);

test('of a thousand names that look alike hardly one is taken for a temporary one', () => {
  const alike = Array.from({ length: 1_000 }, (_, day) => `logs_tmp_${20_260_000 + day}`);
  expect(alike.filter((name) => temporaryIndexOf(name) !== undefined).length).toBeLessThanOrEqual(1);
});

test('workflow and sweeper agree on the lock', () => {
  expect(replaceLockID('APP', 'products')).toBe('algolia-replace/APP/products');
  expect(replaceAllRecordsId('APP', 'products')).toBe(replaceLockID('APP', 'products'));
});
