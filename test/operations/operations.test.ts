import { describe, expect, test } from 'vitest';
import { operationNames, operations, type OperationName } from '../../src/operations/index.ts';
import { SecretRef, type Operation } from '../../src/operations/operation.ts';
import { cases, type Case } from '../algolia/operation-cases.ts';

const rows: [OperationName, Operation][] = operationNames.map((name) => [name, operations[name]]);
const namesWhere = (holds: (operation: Operation, name: OperationName) => boolean) =>
  rows
    .filter(([name, operation]) => holds(operation, name))
    .map(([name]) => name)
    .toSorted();

describe('the table', () => {
  test('has fifty operations, and no two with the same route', () => {
    const routes = rows.map(([, { method, path }]) => `${method} ${path}`);
    expect(new Set(routes).size).toBe(50);
  });

  test('§13.11, §13.29: has neither the pseudo-paths of client helpers nor operations that are gone', () => {
    expect(rows.filter(([, { path }]) => /setClientApiKey|chunkedPush/.test(path))).toEqual([]);
    expect(operationNames).not.toContain('getDockerSourceStreams');
  });

  test('§13.12: speaks version 2 of tasks and version 1 of all else', () => {
    expect(rows.filter(([, { path }]) => path.startsWith('/1/tasks'))).toEqual([]);
    expect(namesWhere(({ path }) => path.startsWith('/2/'))).toEqual(
      namesWhere(({ path }) => path.startsWith('/2/tasks')),
    );
    expect(namesWhere(({ path }) => !/^\/[12]\//.test(path))).toEqual([
      'customDelete',
      'customGet',
      'customPost',
      'customPut',
    ]);
    expect(operations.push.path).toBe('/1/push/{indexName}');
    expect(operations.pushTask.path).toBe('/2/tasks/{taskID}/push');
    expect(operationNames.filter((name) => name.endsWith('V1'))).toEqual([]);
  });

  test("§13.13: has Algolia's operationIds, not the names its prose speaks of", () => {
    expect(operationNames).not.toContain('partialUpdateTask');
    expect(operationNames).not.toContain('getTasks');
    expect(operationNames).toEqual(expect.arrayContaining(['updateTask', 'listTasks']));
  });

  test('§13.14: patches where the API patches and puts where it puts', () => {
    expect(namesWhere(({ method }) => method === 'PATCH')).toEqual([
      'updateAuthentication',
      'updateDestination',
      'updateSource',
      'updateTask',
    ]);
    expect(namesWhere(({ method }) => method === 'PUT')).toEqual([
      'customPut',
      'disableTask',
      'enableTask',
      'replaceTask',
      'updateTransformation',
    ]);
    expect(namesWhere(({ method, body }) => method === 'PUT' && body.from === 'none')).toEqual([
      'disableTask',
      'enableTask',
    ]);
  });

  test('§12.4, §13.30: gives five operations three minutes and all others 25 seconds', () => {
    expect(namesWhere(({ timeoutMs }) => timeoutMs === 180_000)).toEqual([
      'push',
      'pushTask',
      'triggerDockerSourceDiscover',
      'validateSource',
      'validateSourceBeforeUpdate',
    ]);
    expect(namesWhere(({ timeoutMs }) => timeoutMs === 25_000)).toHaveLength(45);
  });

  test('§12.3: says of every operation what a second call would do', () => {
    expect(namesWhere(({ effect }) => effect === 'once')).toEqual([
      'createAuthentication',
      'createDestination',
      'createSource',
      'createTask',
      'createTransformation',
      'customPost',
      'push',
      'pushTask',
      'runSource',
      'runTask',
    ]);
    expect(namesWhere(({ effect, method }) => effect === 'read' && method !== 'GET')).toEqual([
      'searchAuthentications',
      'searchDestinations',
      'searchSources',
      'searchTasks',
      'searchTransformations',
      'tryTransformation',
      'tryTransformationBeforeUpdate',
    ]);
    expect(namesWhere(({ effect, method }) => effect !== 'read' && method === 'GET')).toEqual([]);
    expect(namesWhere(({ effect, method }) => effect !== 'idempotent' && method === 'DELETE')).toEqual([]);
  });

  test('gives every path parameter a member of the input that may not be empty', () => {
    for (const [name, operation] of rows) {
      const parameters = [...operation.path.matchAll(/\{(\w+)\}/g)].map(([, parameter]) => parameter as string);
      const [argument] = cases[name] as Case<OperationName>[];
      for (const parameter of parameters) {
        const emptied = { ...(argument?.((key) => key) as object), [parameter]: '' };
        const paths = operation.input.safeParse(emptied).error?.issues.map((issue) => issue.path);
        expect(paths).toEqual([[parameter]]);
      }
    }
  });

  test('takes unknown members nowhere at the top', () => {
    for (const [name, operation] of rows) {
      const argument = (cases[name] as Case<OperationName>[]).map((it) => it(reference)).find((it) => it !== undefined);
      const parsed = operation.input.safeParse({ ...(argument as object), brandNew: 1 });
      expect(parsed.error?.issues.some((issue) => issue.code === 'unrecognized_keys')).toBe(true);
    }
  });

  test('adds nothing to an argument that the caller did not write', () => {
    for (const [name, operation] of rows) {
      for (const argument of cases[name] as Case<OperationName>[]) {
        const given: unknown = argument(reference) ?? {};
        expect(written(operation.input.parse(given) ?? {})).toEqual(given);
      }
    }
  });
});

describe('takesSecrets', () => {
  /** Puts a reference into every place of every sample argument and sees where one is understood. */
  const understandsReferences = (name: OperationName) =>
    (cases[name] as Case<OperationName>[]).some((argument) =>
      withReferenceAnywhere(argument(reference)).some((variant) => {
        const parsed = operations[name].input.safeParse(variant);
        return parsed.success && holdsReference(parsed.data);
      }),
    );

  test.each(operationNames)('of %s says whether its schema takes references', (name) => {
    expect(operations[name].takesSecrets).toBe(understandsReferences(name));
  });

  test('is said of exactly these', () => {
    expect(namesWhere(({ takesSecrets }) => takesSecrets)).toEqual([
      'createAuthentication',
      'createSource',
      'customPost',
      'customPut',
      'tryTransformation',
      'tryTransformationBeforeUpdate',
      'updateAuthentication',
      'updateSource',
      'validateSource',
      'validateSourceBeforeUpdate',
    ]);
  });
});

function reference(): string {
  return { $secret: 'env:SECRET_X' } as unknown as string;
}

/** The value itself, and the value with a reference in the place of each of its parts. */
function withReferenceAnywhere(value: unknown): unknown[] {
  if (typeof value !== 'object' || value === null) return [value, reference()];
  const entries = Object.entries(value);
  const variants = entries.flatMap(([name, item]) =>
    withReferenceAnywhere(item).map((variant) =>
      Array.isArray(value) ? value.with(Number(name), variant) : { ...value, [name]: variant },
    ),
  );
  return [value, reference(), ...variants];
}

function holdsReference(value: unknown): boolean {
  if (value instanceof SecretRef) return true;
  return typeof value === 'object' && value !== null && Object.values(value).some(holdsReference);
}

/** A parsed input as it was written. */
function written(value: unknown): unknown {
  if (value instanceof SecretRef) return { $secret: value.reference };
  if (Array.isArray(value)) return value.map(written);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, written(item)]));
}
