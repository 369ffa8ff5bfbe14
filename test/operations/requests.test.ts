import { describe, expect, test } from 'vitest';
import { AlgoliaError } from '../../src/algolia/algolia-error.ts';
import { checkInput } from '../../src/algolia/check-input.ts';
import { operations, type InputOf, type OperationName } from '../../src/operations/index.ts';
import { SecretRef } from '../../src/operations/operation.ts';

/** What is wrong with an argument, without the operation's name before it and the reassurance after. */
function problem(name: OperationName, argument: unknown): string {
  try {
    checkInput(name, operations[name], argument);
  } catch (error) {
    if (error instanceof AlgoliaError && error.type === 'AlgoliaInvalid')
      return error.message.replace(`${name}: `, '').replace(/\.? Nothing was sent\.$/, '');
    throw error;
  }
  throw new Error(`expected ${name} to refuse ${JSON.stringify(argument)}`);
}
const accepts = <N extends OperationName>(name: N, argument: InputOf<N>) =>
  expect(checkInput(name, operations[name], argument)).toBeDefined();

const task = { sourceID: 's', destinationID: 'd', action: 'replace' } as const;
const update = (input: unknown) => ({ sourceID: 's', sourceUpdate: { input } });
const ref = { $secret: 'env:SECRET_X' };
const IN_THE_CLEAR = 'a credential may not stand here in the clear';

describe('a refusal names every wrong place by its path', () => {
  test.each<[OperationName, unknown, string]>([
    ['updateSource', update({ url: 1 }), 'input.sourceUpdate.input.url: expected string, received number'],
    ['getTask', undefined, 'input.taskID: expected string, but it is missing'],
    ['getTask', { taskID: 't', taskId: 't' }, 'input.taskId: unknown field'],
    ['getTask', 'just-an-id', 'input: expected object, received string'],
    ['searchTasks', { taskIDs: ['a', 1] }, 'input.taskIDs[1]: expected string, received number'],
    [
      'createTask',
      { ...task, enabled: 'yes', cron: 1 },
      'input.cron: expected string, received number; input.enabled: expected boolean, received string',
    ],
    [
      'createSource',
      { type: 'json', name: 'n', input: { url: 'u', password: 'p' } },
      'input.input.password: unknown field (others here: uniqueIDColumn, method)',
    ],
    ['createSource', { type: 'json', name: '', input: { url: 'u' } }, 'input.name: may not be empty'],
    ['createSource', undefined, 'input: expected object, but it is missing'],
    ['customPost', { path: 'x', body: [1] }, 'input.body: expected an object'],
  ])('%s %j', (name, argument, words) => {
    expect(problem(name, argument)).toBe(words);
  });

  test('and never the value that was wrong', () => {
    const words = problem('createTask', { ...task, action: 'hunter2', failureThreshold: 4711, cursor: 'hunter3' });
    expect(words).not.toMatch(/hunter|4711/);
  });
});

describe('§12.6, §13.2: credentials', () => {
  const authentication = (type: string, input: unknown) => ({ type, name: 'n', input });

  test.each<[OperationName, unknown, string]>([
    ['createAuthentication', authentication('basic', { username: 'u', password: 'p' }), 'input.input.password'],
    ['createAuthentication', authentication('apiKey', { key: 'k' }), 'input.input.key'],
    ['createAuthentication', authentication('oauth', { url: 'u', code: 'c' }), 'input.input.code'],
    ['createAuthentication', authentication('oauth', { url: 'u', client_secret: 'c' }), 'input.input.client_secret'],
    ['createAuthentication', authentication('algolia', { appID: 'a', apiKey: 'k' }), 'input.input.apiKey'],
    ['createAuthentication', authentication('algoliaInsights', { appID: 'a', apiKey: 'k' }), 'input.input.apiKey'],
    [
      'createAuthentication',
      authentication('googleServiceAccount', { clientEmail: 'a', privateKey: 'k' }),
      'input.input.privateKey',
    ],
    ['createAuthentication', authentication('secrets', { anything: 'k' }), 'input.input.anything'],
    [
      'updateAuthentication',
      { authenticationID: 'a', authenticationUpdate: { input: { password: 'p' } } },
      'input.authenticationUpdate.input.password',
    ],
    [
      'updateAuthentication',
      { authenticationID: 'a', authenticationUpdate: { input: { anything: 'p' } } },
      'input.authenticationUpdate.input.anything',
    ],
    [
      'createSource',
      { type: 'docker', name: 'n', input: { image: 'i', configuration: { db: { password: 'p' } } } },
      'input.input.configuration.db.password',
    ],
    [
      'validateSource',
      { type: 'docker', name: 'n', input: { image: 'i', configuration: { a: [{ api_token: 'p' }] } } },
      'input.input.configuration.a[0].api_token',
    ],
    [
      'updateSource',
      update({ configuration: { client_secret: 'p' } }),
      'input.sourceUpdate.input.configuration.client_secret',
    ],
    [
      'validateSourceBeforeUpdate',
      update({ configuration: { apiKey: 'p' } }),
      'input.sourceUpdate.input.configuration.apiKey',
    ],
    [
      'tryTransformation',
      { code: 'c', sampleRecord: {}, authentications: [authentication('apiKey', { key: 'k' })] },
      'input.authentications[0].input.key',
    ],
    [
      'tryTransformationBeforeUpdate',
      {
        transformationID: 't',
        transformationTry: { code: 'c', sampleRecord: {}, authentications: [authentication('apiKey', { key: 'k' })] },
      },
      'input.transformationTry.authentications[0].input.key',
    ],
    ['customPost', { path: 'x', body: { input: { privateKey: 'k' } } }, 'input.body.input.privateKey'],
    ['customPut', { path: 'x', body: { access_key: 'k' } }, 'input.body.access_key'],
  ])('of %s are refused in the clear: %j', (name, argument, path) => {
    const words = problem(name, argument);
    expect(words).toContain(`${path}: ${IN_THE_CLEAR}`);
    expect(words).toContain("now in Temporal's history, so rotate it");
  });

  test.each([
    'password',
    'passphrase',
    'db_pass',
    'secret',
    'clientSecret',
    'token',
    'refresh_token',
    'apiKey',
    'api_key',
    'private_key',
    'accessKey',
    'auth_key',
    'credentials',
    'credentials_json',
  ])('in a configuration are known by name: %s', (name) => {
    const source = (value: unknown) => ({
      type: 'docker',
      name: 'n',
      input: { image: 'i', configuration: { [name]: value } },
    });
    expect(problem('createSource', source('p'))).toContain(IN_THE_CLEAR);
    for (const harmless of ['', 5, true, null, ref]) accepts('createSource', source(harmless) as never);
  });

  test.each(['tokenizer', 'key', 'primary_key', 'passive', 'author', 'host'])(
    'in a configuration are not seen where there are none: %s',
    (name) => {
      accepts('createSource', { type: 'docker', name: 'n', input: { image: 'i', configuration: { [name]: 'x' } } });
    },
  );

  test.each<[unknown, string]>([
    [{ $secret: 'vault:x' }, 'input.input.key.$secret: a secret reference begins with env: or file:'],
    [{ $secret: 'env:' }, 'input.input.key.$secret: a secret reference begins with env: or file:'],
    [{ $secret: 'sk-4711' }, "begins with env: or file:. This value is now in Temporal's history, so rotate it"],
    [{ $secret: 'env:SHOPIFY' }, 'input.input.key.$secret: only variables that begin with SECRET_ may be read'],
    [{ $secret: 'file:../key' }, 'input.input.key.$secret: the path must be relative to SECRETS_DIR'],
    [{ $secret: 'file:/run/key' }, 'input.input.key.$secret: the path must be relative to SECRETS_DIR'],
    [{ $secret: 1 }, 'input.input.key.$secret: expected string, received number'],
    [{ $secret: 'env:SECRET_X', extra: 1 }, 'input.input.key.extra: unknown field'],
    [{}, 'input.input.key.$secret: expected string, but it is missing'],
    [undefined, 'input.input.key: expected object, but it is missing'],
    [null, `input.input.key: ${IN_THE_CLEAR}`],
    [4711, `input.input.key: ${IN_THE_CLEAR}`],
    [['k'], `input.input.key: ${IN_THE_CLEAR}`],
  ])('are references of one form: %j is refused', (key, words) => {
    expect(problem('createAuthentication', { type: 'apiKey', name: 'n', input: { key } })).toContain(words);
  });

  test('are not looked for in data: records, metadata, samples', () => {
    const data = { password: 'in the clear', nested: { $secret: 'not a reference' } };
    accepts('push', {
      indexName: 'i',
      pushTaskPayload: { action: 'addObject', records: [{ objectID: 'o', ...data }] },
    });
    accepts('runTask', { taskID: 't', runTaskPayload: { runMetadata: data } });
    accepts('tryTransformation', { code: 'c', sampleRecord: data });
  });

  test('become references when parsed, and nothing else does', () => {
    const parsed = checkInput('createSource', operations.createSource, {
      type: 'docker',
      name: 'n',
      input: { image: 'i', configuration: { a: ref, b: { $other: 'x' } } },
    });
    expect(parsed).toMatchObject({
      input: { configuration: { a: new SecretRef('env:SECRET_X'), b: { $other: 'x' } } },
    });
  });
});

describe('unions are chosen by the type beside them', () => {
  const source = (type: string, input?: unknown) => ({ type, name: 'n', ...(input === undefined ? {} : { input }) });

  test('§13.2: an authentication is what its type says, not what its shape allows', () => {
    expect(problem('createAuthentication', { type: 'basic', name: 'n', input: { key: ref } })).toContain(
      'input.input.username: expected string',
    );
    expect(problem('createAuthentication', { type: 'kerberos', name: 'n', input: {} })).toContain(
      '"googleServiceAccount", "basic"',
    );
  });

  test('§13.3: a Shopify source takes both of its halves', () => {
    accepts('createSource', { type: 'shopify', name: 'n', input: { shopURL: 'u', featureFlags: { a: 1 } } });
    expect(problem('createSource', source('shopify', { featureFlags: {} }))).toBe(
      'input.input.shopURL: expected string, but it is missing',
    );
  });

  test('§13.4: json and csv, bigquery and ga4 are told apart', () => {
    expect(problem('createSource', source('json', { url: 'u', delimiter: ';' }))).toBe(
      'input.input.delimiter: unknown field (others here: uniqueIDColumn, method)',
    );
    accepts('createSource', { type: 'csv', name: 'n', input: { url: 'u', delimiter: ';' } });
    const ga4 = { projectID: 'p', datasetID: 'd' };
    accepts('createSource', { type: 'bigquery', name: 'n', input: ga4 });
    expect(problem('createSource', source('ga4BigqueryExport', ga4))).toBe(
      'input.input.tablePrefix: expected string, but it is missing',
    );
  });

  test('§13.5: an update of a source repeats what its schema requires and has none for BigCommerce', () => {
    expect(problem('updateSource', update({ delimiter: ';' }))).toBe(
      'input.sourceUpdate.input.url: expected string, but it is missing',
    );
    expect(problem('updateSource', update({ projectID: 'p' }))).toContain('input.sourceUpdate.input.datasetID');
    expect(problem('updateSource', update({ storeHash: 'x' }))).toBe(
      'input.sourceUpdate.input.storeHash: unknown field',
    );
    for (const [input, member] of [
      [{ url: 'u', projectKey: 'k' }, 'projectKey'],
      [{ shopURL: 'u' }, 'shopURL'],
      [{ configuration: {}, image: 'i' }, 'image'],
    ] as const)
      expect(problem('updateSource', update(input))).toBe(`input.sourceUpdate.input.${member}: unknown field`);
  });

  test('§13.6: a member that only newer clients know is taken', () => {
    accepts('updateSource', { sourceID: 's', sourceUpdate: { input: { categoriesCustomFieldsFullPath: true } } });
  });

  test('§13.23: a transformation has its code once, and as its type says', () => {
    const ONCE = 'input.input: give the code as input.code (or, deprecated, as code), and only once';
    expect(problem('createTransformation', { name: 'n' })).toBe(ONCE);
    expect(problem('createTransformation', { name: 'n', code: 'c', input: { code: 'c' } })).toBe(ONCE);
    expect(problem('createTransformation', { name: 'n', type: 'code', input: { steps: [] } })).toContain('{"code": …}');
    expect(problem('createTransformation', { name: 'n', type: 'noCode', input: { code: 'c' } })).toContain(
      '{"steps": […]}',
    );
    expect(problem('createTransformation', { name: 'n', input: { code: 'c', steps: [] } })).toContain('unknown field');
    expect(problem('updateTransformation', { transformationID: 't', transformationCreate: { name: 'n' } })).toContain(
      'only once',
    );
    expect(problem('tryTransformation', { sampleRecord: {} })).toContain('only once');
  });

  test('§13.25: a push source has no input, and every other one has its own', () => {
    expect(problem('createSource', source('push', { url: 'u' }))).toBe(
      'input.input: unknown field (others here: authenticationID)',
    );
    expect(problem('createSource', source('json'))).toBe('input.input: expected object, but it is missing');
  });
});

describe('members', () => {
  test("§13.7: a null in an event's status filter is taken, though it has no wire form but an empty place", () => {
    accepts('listEvents', { runID: 'r', status: ['failed', null] });
    expect(problem('listRuns', { status: [null] })).toContain('input.status[0]');
  });

  test('§13.8: ids are any strings', () => {
    for (const taskID of ['search', 'destinationID', '1', 'ü', ' ']) accepts('getTask', { taskID });
    accepts('createTask', { ...task, sourceID: 'search', destinationID: 'destinationName' });
  });

  test('§12.10: but not empty, and not a step in the path', () => {
    for (const id of ['', '.', '..', '\ud800']) {
      expect(problem('getTask', { taskID: id })).toContain('input.taskID: an id may not');
      expect(problem('createTask', { ...task, sourceID: id })).toContain('input.sourceID: an id may not');
      expect(problem('push', { indexName: id, pushTaskPayload: { action: 'clear', records: [] } })).toContain(
        'input.indexName',
      );
    }
  });

  test('§13.15: what an update cannot change, it does not take', () => {
    for (const member of ['action', 'cursor', 'sourceID'])
      expect(problem('updateTask', { taskID: 't', taskUpdate: { [member]: 'x' } })).toContain(
        `input.taskUpdate.${member}: unknown field`,
      );
    expect(
      problem('replaceTask', { taskID: 't', taskReplace: { destinationID: 'd', action: 'save', sourceID: 's' } }),
    ).toContain('sourceID: unknown field');
    accepts('replaceTask', {
      taskID: 't',
      taskReplace: { destinationID: 'd', action: 'save', cursor: '2026-11-24T00:00:00Z' },
    });
    for (const member of ['type', 'platform'])
      expect(
        problem('updateAuthentication', { authenticationID: 'a', authenticationUpdate: { [member]: 'x' } }),
      ).toContain('unknown field');
    expect(problem('updateDestination', { destinationID: 'd', destinationUpdate: { type: 'search' } })).toContain(
      'unknown field',
    );
    expect(problem('updateSource', { sourceID: 's', sourceUpdate: { type: 'json' } })).toContain('unknown field');
  });

  test('§13.16: a task of version 2 has a cron or none, and no trigger', () => {
    expect(problem('createTask', { ...task, trigger: { type: 'onDemand' } })).toContain('input.trigger: unknown field');
    for (const cron of ['', null, 'daily', '* * * *', '* * * * * *', '0 3 * * * # no'])
      expect(problem('createTask', { ...task, cron })).toContain('input.cron');
    for (const cron of ['* * * * 1', '*/5 0-6 1,15 * MON-FRI', ' 0 3 * * * ']) accepts('createTask', { ...task, cron });
  });

  test('§13.17: the two vocabularies of actions are kept apart', () => {
    expect(problem('createTask', { ...task, action: 'addObject' })).toContain(
      '"replace", "save", "partial", "partialNoCreate", "append"',
    );
    expect(
      problem('push', { indexName: 'i', pushTaskPayload: { action: 'save', records: [{ objectID: 'o' }] } }),
    ).toContain('"addObject"');
  });

  test('§13.18: filters of singular names take lists, and none where the API does', () => {
    accepts('listTasks', { sourceID: ['a'], action: ['save'], triggerType: ['onDemand'] });
    accepts('listSources', { authenticationID: ['none', 'a'] });
    accepts('listAuthentications', { platform: ['none', 'shopify'] });
    for (const [name, argument] of [
      ['listTasks', { sourceID: 'a' }],
      ['listRuns', { status: 'finished' }],
      ['listSources', { type: 'json' }],
    ] as const)
      expect(problem(name, argument)).toContain('expected array, received string');
  });

  test('§13.19: the type of a transformation is one value, and runs sort by an updatedAt they have not', () => {
    accepts('listTransformations', { type: 'code' });
    expect(problem('listTransformations', { type: ['code'] })).toContain('input.type');
    accepts('listRuns', { sort: 'updatedAt' });
    expect(problem('listEvents', { runID: 'r', sort: 'createdAt' })).toContain('input.sort');
    expect(problem('listTransformations', { sort: 'type' })).toContain('input.sort');
  });

  test('§13.20: pages are counted from 1, and hold 1 to 100 items', () => {
    for (const argument of [{ page: 0 }, { page: 1.5 }, { itemsPerPage: 0 }, { itemsPerPage: 101 }, { page: '1' }])
      for (const name of ['listSources', 'listTasks', 'listRuns'] as const)
        expect(problem(name, argument)).toContain(`input.${Object.keys(argument)[0]}`);
  });

  test('§13.24: a destination names its index, whatever its type', () => {
    for (const type of ['search', 'insights'])
      expect(problem('createDestination', { type, name: 'n', input: {} })).toBe(
        'input.input.indexName: expected string, but it is missing',
      );
    accepts('updateDestination', { destinationID: 'd', destinationUpdate: { input: { recordType: 'product' } } });
  });

  test('§13.26: whether a task is enabled is left to the API when the caller does not say', () => {
    expect(checkInput('createTask', operations.createTask, task)).toEqual(task);
  });

  describe('§13.25: limits that the API states in prose', () => {
    const csv = (delimiter: string) => ({ type: 'csv', name: 'n', input: { url: 'u', delimiter } }) as const;
    test.each(['', '\r', '\n', ' ', '\uFFFD', ';;', 'ab'])('a delimiter is not %j', (delimiter) => {
      expect(problem('createSource', csv(delimiter))).toContain('input.input.delimiter');
    });
    test.each([',', ';', '\t', '|', 'é', '\u{1F4A5}'])('a delimiter may be %j', (delimiter) => {
      accepts('createSource', csv(delimiter));
    });

    test('locales are language and country', () => {
      const source = (locale: string): InputOf<'createSource'> => ({
        type: 'commercetools',
        name: 'n',
        input: { url: 'u', projectKey: 'k', locales: [locale] },
      });
      for (const locale of ['en', 'en-US']) accepts('createSource', source(locale));
      for (const locale of ['EN', 'en_US', 'en-us', 'english', ''])
        expect(problem('createSource', source(locale))).toContain(
          'input.input.locales[0]: expected a locale such as en',
        );
    });

    test('thresholds have bounds', () => {
      for (const failureThreshold of [0, 100]) accepts('createTask', { ...task, failureThreshold });
      for (const failureThreshold of [-1, 101, 1.5])
        expect(problem('createTask', { ...task, failureThreshold })).toContain('failureThreshold');
      for (const criticalThreshold of [1, 10]) accepts('createTask', { ...task, policies: { criticalThreshold } });
      for (const criticalThreshold of [0, 11])
        expect(problem('createTask', { ...task, policies: { criticalThreshold } })).toContain('criticalThreshold');
    });

    test('notifications have their email', () => {
      accepts('createTask', { ...task, notifications: { email: {} } });
      expect(problem('createTask', { ...task, notifications: {} })).toBe(
        'input.notifications.email: expected object, but it is missing',
      );
    });

    test.each(['yesterday', '', '24.11.2026', '2026-13-01', '2026-11-24 10:00', '1764000000'])(
      'a date is not %j',
      (startDate) => {
        expect(problem('listRuns', { startDate })).toContain('input.startDate: expected an RFC 3339 date');
      },
    );
    test.each(['2026-11-24', '2026-11-24T10:00:00Z', '2026-11-24T10:00:00.123+02:00'])(
      'a date may be %j',
      (startDate) => {
        accepts('listRuns', { startDate });
        accepts('listEvents', { runID: 'r', endDate: startDate });
      },
    );

    test('a window ends no sooner than it starts', () => {
      const [early, late] = ['2026-11-24', '2026-11-24T00:00:00.001Z'];
      for (const argument of [
        { runID: 'r', startDate: early, endDate: late },
        { runID: 'r', startDate: late },
      ]) {
        accepts('listEvents', argument);
        accepts('listEvents', { ...argument, endDate: argument.startDate });
      }
      const WORDS = 'input.endDate: lies before startDate';
      expect(problem('listEvents', { runID: 'r', startDate: late, endDate: early })).toBe(WORDS);
      expect(problem('listRuns', { startDate: late, endDate: early })).toBe(WORDS);
    });

    test('entities have a type', () => {
      const run = (runSourcePayload: InputOf<'runSource'>['runSourcePayload']) => ({ sourceID: 's', runSourcePayload });
      accepts('runSource', run({ entityIDs: ['1'], entityType: 'product' }));
      accepts('runSource', run({}));
      expect(problem('runSource', run({ entityIDs: ['1'] }))).toBe(
        'input.runSourcePayload.entityType: missing: entityIDs are ids of what?',
      );
    });

    test('records have objectIDs, and are there unless the whole index is meant', () => {
      const push = (action: string, records: unknown) => ({ indexName: 'i', pushTaskPayload: { action, records } });
      for (const action of ['clear', 'delete'] as const) accepts('push', push(action, []) as never);
      for (const action of [
        'addObject',
        'updateObject',
        'partialUpdateObject',
        'partialUpdateObjectNoCreate',
        'deleteObject',
      ])
        expect(problem('push', push(action, []))).toBe(
          `input.pushTaskPayload.records: nothing to push: ${action} needs at least one record`,
        );
      for (const record of [{}, { objectID: 1 }, { objectID: '' }, null, 'o', undefined, []])
        expect(
          problem('pushTask', {
            taskID: 't',
            pushTaskPayload: { action: 'addObject', records: [{ objectID: 'o' }, record] },
          }),
        ).toBe('input.pushTaskPayload.records[1].objectID: every record needs an objectID that is a string');
      for (const records of [undefined, null, 'o', { objectID: 'o' }])
        expect(problem('push', push('addObject', records))).toContain('input.pushTaskPayload.records');
    });

    test("the source of a task's input decides which one it is, and it is one of three", () => {
      expect(problem('createTask', { ...task, input: { mapping: {}, streams: [] } })).toContain('input.input');
      expect(problem('createTask', { ...task, input: { streams: [{ name: 's' }] } })).toContain(
        'input.input.streams[0].syncMode',
      );
      expect(problem('createTask', { ...task, input: {} })).toContain('input.input');
    });
  });
});
