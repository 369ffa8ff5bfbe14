import { randomUUID } from 'node:crypto';
import { Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { SEARCH_ATTRIBUTES } from '../../src/search-attributes.ts';
import { cliWith } from './run-cli.ts';

const { address } = inject('temporal');
/** temporal.api.enums.v1.IndexedValueType */
const TEXT = 1;
const namespace = `fresh-${randomUUID()}`;
const cli = cliWith({ TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace });

let connection: Connection;
beforeAll(async () => {
  connection = await Connection.connect({ address });
});
afterAll(() => connection?.close());

test('a namespace that does not exist is not found, whatever is asked', async () => {
  for (const args of [['search-attributes'], ['approvals'], ['call', 'listSources'], ['status', 'x']]) {
    const { code, stderr } = await cli(args);
    expect(code).toBe(3);
    expect(stderr).toMatch(
      new RegExp(
        `^(Temporal: Namespace ${namespace} is not found|There is no namespace ${namespace}: see TEMPORAL_NAMESPACE)\\.$`,
        'm',
      ),
    );
  }
});

test('a new namespace learns the search attributes, and learns them once', async () => {
  await connection.workflowService.registerNamespace({
    namespace,
    workflowExecutionRetentionPeriod: msToTs('1d'),
  });
  const known = () => connection.operatorService.listSearchAttributes({ namespace }).catch(() => undefined);
  await expect.poll(known, { timeout: 150_000 }).toBeTruthy();

  const first = await cli(['search-attributes', '--json']);
  expect(first).toMatchObject({ code: 0, stderr: '' });
  expect(first.json()).toEqual({ registered: SEARCH_ATTRIBUTES, existing: [] });
  const second = await cli(['search-attributes']);
  expect(second.stdout).toBe(`registered: none\nthere already: ${SEARCH_ATTRIBUTES.join(', ')}\n`);
});

test('one that is there as another type is named, and keeps none of the others away', async () => {
  const [first = '', ...others] = SEARCH_ATTRIBUTES;
  await connection.operatorService.removeSearchAttributes({ namespace, searchAttributes: [...SEARCH_ATTRIBUTES] });
  await connection.operatorService.addSearchAttributes({ namespace, searchAttributes: { [first]: TEXT } });
  const { code, stderr } = await cli(['search-attributes']);
  expect(code).toBe(1);
  expect(stderr).toContain(`${first}: registered in namespace ${namespace}, but not as Keyword`);
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  expect(Object.keys(customAttributes)).toEqual(expect.arrayContaining(others));
});
