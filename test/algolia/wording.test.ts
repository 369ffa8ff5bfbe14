import { expect, test } from 'vitest';
import { z } from 'zod';
import { deployTransformationInput } from '../../src/activities/inputs/deploy-transformation.ts';
import { pushRecordsInput } from '../../src/activities/inputs/push-records.ts';
import { rotateApiKeyInput } from '../../src/activities/inputs/rotate-api-key.ts';
import { workflowInputs } from '../../src/activities/check-input.ts';
import { describeIssues } from '../../src/algolia/check-input.ts';
import { parseWorded } from '../../src/algolia/wording.ts';

function problem(schema: z.ZodType, value: unknown): string {
  const { error } = parseWorded(schema, value);
  return error ? describeIssues(error.issues, 'input') : 'fine';
}

test.each<[z.ZodType, unknown, string]>([
  [z.string(), undefined, 'expected string, but it is missing'],
  [z.string(), null, 'expected string, received null'],
  [z.array(z.string()), 'a', 'expected array, received string'],
  [z.int(), 1.5, 'expected a whole number'],
  [z.record(z.string(), z.string()), 'a', 'expected object, received string'],
  [z.string().min(1), '', 'may not be empty'],
  [z.string().max(3), 'four', 'expected at most 3 characters'],
  [z.array(z.string()).min(1), [], 'expected at least 1 item'],
  [z.array(z.string()).max(1), ['a', 'b'], 'expected at most 1 item'],
  [z.int().min(1).max(9), 0, 'expected at least 1'],
  [z.int().min(1).max(9), 10, 'expected at most 9'],
  [z.literal('code'), 'java', 'expected "code"'],
  [z.enum(['fail', 'wait']), 'skip', 'expected one of "fail", "wait"'],
  [z.enum(['fail', 'wait']), undefined, 'expected one of "fail", "wait", but it is missing'],
])('%# says what was expected: %j, %s', (schema, value, words) => {
  expect(problem(schema, value)).toBe(`input: ${words}`);
});

test('of variants that are told apart by a field, that field is named', () => {
  const schema = z.discriminatedUnion('type', [
    z.strictObject({ type: z.literal('json'), url: z.string() }),
    z.strictObject({ type: z.literal('push') }),
  ]);
  expect(problem(schema, { type: 'JSON' })).toBe('input.type: expected one of "json", "push"');
  expect(problem(schema, {})).toBe('input.type: expected one of "json", "push", but it is missing');
});

test.each<[keyof typeof workflowInputs, unknown, string]>([
  ['syncTask', { taskId: 't' }, 'input.taskId: unknown field (did you mean taskID?)'],
  ['syncTask', { taskID: 't', onbusy: 'wait' }, 'input.onbusy: unknown field (did you mean onBusy?)'],
  ['syncTask', { taskID: 't', taskId: 't' }, 'input.taskId: unknown field'],
  ['syncTask', { taskID: 't', colour: 'red' }, 'input.colour: unknown field'],
  ['provisionConnector', { name: 'n', sync: {} }, 'input.sync: unknown field'],
  ['backfill', { items: [{ taskID: 't', newRun: 2 }] }, 'input.items[0].newRun: unknown field (did you mean newRuns?)'],
  [
    'changeSource',
    { sourceID: 's', sourceUpdate: { input: { urll: 'https://example.com' } } },
    'input.sourceUpdate.input.urll: unknown field (did you mean url?)',
  ],
  [
    'callOperation',
    { operation: 'getTask', params: { task: 't' } },
    'input.params.task: unknown field (did you mean taskID?)',
  ],
  ['applyManifest', { manifest: { source: [] } }, 'input.manifest.source: unknown field (did you mean sources?)'],
])('a field that %s does not have is told with the one that may have been meant: %j', (type, input, words) => {
  expect(problem(workflowInputs[type], input).split('; ')).toContain(words);
});

test.each<[unknown, string]>([
  [{ colour: 'red', url: 'u' }, 'input.colour: unknown field (others here: method, shopURL)'],
  [{ domain: 'd', method: 'GET' }, 'input.domain: unknown field (others here: url, shopURL)'],
  [
    { colour: 1, ulr: 'u', size: 2 },
    'input.colour: unknown field (others here: url, method, shopURL); input.ulr: unknown field (did you mean url?); input.size: unknown field',
  ],
  [{ colour: 'red', url: 'u', method: 'GET', shopURL: 's' }, 'input.colour: unknown field'],
])('a field that nothing is near to is told with the few that are left: %j', (value, words) => {
  const member = z.string().optional();
  expect(problem(z.strictObject({ url: member, method: member, shopURL: member }), value)).toBe(words);
});

test('where very many fields are left they are not listed', () => {
  const shape = (length: number) =>
    z.strictObject(Object.fromEntries(Array.from({ length }, (_, index) => [`field${index}`, z.string().optional()])));
  expect(problem(shape(8), { colour: 1 })).toMatch(/\(others here: field0, .*, field7\)$/);
  expect(problem(shape(9), { colour: 1 })).toBe('input.colour: unknown field');
});

test('what a workflow fills in is not among the fields that are left', () => {
  const input = {
    name: 'n',
    source: { type: 'json', input: { url: 'https://example.com', method: 'GET' }, colour: 1 },
  };
  expect(problem(workflowInputs.provisionConnector, input)).toMatch(
    /input\.source\.colour: unknown field \(others here: authenticationID\)/,
  );
});

test('of very many wrong places the first are told, and of a very long name its beginning', () => {
  const many = Object.fromEntries(Array.from({ length: 150_000 }, (_, index) => [`k${index}`, 1]));
  const told = problem(workflowInputs.syncTask, { taskID: 't', ...many });
  expect(told).toMatch(/^input\.k0: unknown field; .*; input\.k19: unknown field; and 149980 more$/);
  const records = Array.from({ length: 30_000 }, () => ({ name: 'without an objectID' }));
  const push = problem(pushRecordsInput, { indexName: 'i', action: 'addObject', records });
  expect(push).toMatch(/^input\.records\[0\]\.objectID: every record needs an objectID/);
  expect(push.length).toBeLessThan(5_000);
  expect(problem(workflowInputs.syncTask, { taskID: 't', ['x'.repeat(1_000_000)]: 1 })).toBe(
    `input.${'x'.repeat(100)}…: unknown field`,
  );
});

test('a credential in the clear is told also among very many wrong places', () => {
  const many = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`k${index}`, 1]));
  const told = problem(workflowInputs.callOperation, {
    operation: 'validateSource',
    confirm: 'validateSource',
    params: { type: 'docker', name: 'n', input: { image: 'i', configuration: { token: 'swordfish' } } },
    ...many,
  });
  expect(told).toMatch(/a credential may not stand here in the clear/);
});

test('what leads out of its directory is refused by its name', () => {
  expect(problem(rotateApiKeyInput, { toSecret: 'file:../key' })).toContain(
    'input.toSecret: the path must be relative',
  );
  expect(problem(rotateApiKeyInput, { toSecret: 'file:algolia/v8' })).toBe('fine');
  const code = { transformationID: 't', tryOn: [{ objectID: '1' }] };
  expect(problem(deployTransformationInput, { ...code, codeRef: 'file:../code.js' })).toContain(
    'input.codeRef: the path must be relative to RECORDS_DIR',
  );
  expect(problem(deployTransformationInput, { ...code, codeRef: 'file:code.js' })).toBe('fine');
});

test('a record of an array is named by its place', () => {
  const records = [{ objectID: '1' }, { objectID: '2', stock: { _operation: 'Increment', value: 1 } }];
  expect(problem(pushRecordsInput, { indexName: 'i', action: 'partialUpdateObject', records })).toContain(
    'input.records[1]: a built-in operation',
  );
});
