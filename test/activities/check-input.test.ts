import { describe, expect, test } from 'vitest';
import { createCheckInput, type WorkflowType } from '../../src/activities/check-input.ts';
import { loadApprovalPolicies } from '../../src/approvals/load-policies.ts';

const checkInput = createCheckInput('APP', loadApprovalPolicies(undefined));

async function refusalOf(type: WorkflowType, input: unknown): Promise<string> {
  const error = await checkInput(type, input).then(
    () => expect.unreachable('the input should have been refused'),
    (reason: unknown) => reason as Error & { type: string; nonRetryable: boolean },
  );
  expect(error).toMatchObject({ type: 'InvalidInput', nonRetryable: true });
  return error.message;
}

test('an approval policy that the worker does not have is told before anything is done', async () => {
  const input = { taskID: 't', approval: { policy: 'defualt' } };
  expect(await refusalOf('decommissionConnector', input)).toBe(
    "input.approval.policy: there is no approval policy 'defualt'; this worker has default. Did you mean default? Nothing was sent.",
  );
  await checkInput('decommissionConnector', { taskID: 't', approval: { policy: 'default' } });
});

test('defaults are filled in, and the application is added', async () => {
  expect(await checkInput('syncTask', { taskID: 't' })).toEqual({
    taskID: 't',
    onBusy: 'adopt',
    maxDuration: '2h',
    noProgressFor: '30m',
    newRuns: 1,
    onEmpty: 'ok',
    maxFailures: 50,
    failWorkflow: true,
    onCancel: 'report',
    applicationId: 'APP',
  });
});

test('every wrong place is named at once', async () => {
  const message = await refusalOf('syncTask', { taskID: '', newRuns: -1, maxFailures: 1e6, extra: true });
  expect(message).toMatch(
    /^input\.taskID: .*; input\.newRuns: .*; input\.maxFailures: .*; input\.extra: unknown field \(others here: onBusy, .*\)\. Nothing was sent\.$/,
  );
});

test.for([undefined, null, 7, 'task', [], [{ taskID: 't' }]])('%j is no input', async (input) => {
  expect(await refusalOf('syncTask', input)).toMatch(/^input: expected object, /);
});

describe('a connector', () => {
  const connector = {
    name: 'films',
    source: { type: 'json', input: { url: 'https://films.example/' } },
    destination: { type: 'search', input: { indexName: 'films' } },
    task: { action: 'replace' },
  };

  test('keeps its references to secrets as they were written', async () => {
    const authentication = { type: 'apiKey', input: { key: { $secret: 'file:films/key' } } } as const;
    const checked = await checkInput('provisionConnector', { ...connector, authentication });
    expect(checked.authentication).toEqual(authentication);
    expect(checked).toMatchObject({ ifExists: 'adopt', keepOnFailure: false });
  });

  test.for(['source', 'destination', 'task', 'name'])('without its %s is refused', async (part) => {
    const { [part as 'name']: _, ...rest } = connector;
    expect(await refusalOf('provisionConnector', rest)).toMatch(new RegExp(`^input\\.${part}: `));
  });

  test.for([
    { type: 'basic', input: { username: 'u', password: 's3cr3t-word' }, place: 'password' },
    { type: 'apiKey', input: { key: 's3cr3t-word' }, place: 'key' },
    {
      type: 'oauth',
      input: { url: 'https://x.example/', client_id: 'i', client_secret: 's3cr3t-word' },
      place: 'client_secret',
    },
    { type: 'googleServiceAccount', input: { clientEmail: 'a@b.c', privateKey: 's3cr3t-word' }, place: 'privateKey' },
    { type: 'algolia', input: { appID: 'APP', apiKey: 's3cr3t-word' }, place: 'apiKey' },
    { type: 'secrets', input: { TOKEN: 's3cr3t-word' }, place: 'TOKEN' },
  ])(
    'with a literal credential of type $type is refused without repeating it',
    async ({ place, ...authentication }) => {
      const message = await refusalOf('provisionConnector', { ...connector, authentication });
      expect(message).toContain(`input.authentication.input.${place}: a credential may not stand here in the clear`);
      expect(message).toContain('so rotate it');
      expect(message).not.toContain('s3cr3t');
    },
  );

  test('with a literal credential in a docker configuration is refused', async () => {
    const source = { type: 'docker', input: { image: 'x/y', configuration: { db: { password: 's3cr3t-word' } } } };
    const message = await refusalOf('provisionConnector', { ...connector, source });
    expect(message).toContain('input.source.input.configuration.db.password: a credential may not stand here');
    expect(message).not.toContain('s3cr3t');
  });

  test('with the input of another type of source is refused', async () => {
    const source = { type: 'json', input: { url: 'https://films.example/', delimiter: ';' } };
    expect(await refusalOf('provisionConnector', { ...connector, source })).toContain(
      'input.source.input.delimiter: unknown field',
    );
  });
});

describe('a call of an operation', () => {
  test('says whether it writes and whether it deletes', async () => {
    expect(await checkInput('callOperation', { operation: 'listRuns' })).toMatchObject({
      effect: 'read',
      deletes: false,
    });
    const params = { taskID: 't' };
    expect(await checkInput('callOperation', { operation: 'deleteTask', params, confirm: 'deleteTask' })).toMatchObject(
      {
        effect: 'idempotent',
        deletes: true,
      },
    );
  });

  test('names the place in its params', async () => {
    const params = { sourceID: 's', sourceUpdate: { input: { url: 3 } } };
    const message = await refusalOf('callOperation', { operation: 'updateSource', params, confirm: 'updateSource' });
    expect(message).toMatch(/^input\.params\.sourceUpdate\.input/);
  });
});

describe('a deployment of code', () => {
  const deployment = { transformationID: 't', code: 'x', tryOn: [{ objectID: '1' }] };

  test.for([
    [{ code: undefined }, /^input\.code: give one of code, codeRef and steps/],
    [{ codeRef: 'file:x.js' }, /^input\.codeRef: give one of code, codeRef and steps/],
    [{ code: 'x'.repeat(200_001) }, /^input\.code: more than 200 kB/],
    [{ tryOn: [] }, /^input\.tryOn: /],
    [{ tryOn: Array.from({ length: 21 }, () => ({})) }, /^input\.tryOn: /],
    [{ tryOn: [{ text: 'x'.repeat(500_000) }] }, /^input\.tryOn: more than 500 kB/],
    [
      { expect: [{ path: 'a', equals: 1, exists: true }] },
      /^input\.expect\[0\]: say one of exists, equals and matches/,
    ],
    [{ expect: [{ path: 'a' }] }, /^input\.expect\[0\]: say one of/],
    [{ expect: [{ path: 'a..b', exists: true }] }, /^input\.expect\[0\]\.path: expected a path/],
    [{ expect: [{ path: 'a', matches: '(' }] }, /^input\.expect\[0\]\.matches: is no regular expression/],
    [{ expect: [{ path: 'a', exists: true, sample: 1 }] }, /^input\.expect\[0\]\.sample: tryOn has 1 records/],
  ] as const)('of %j is refused at its place', async ([change, message]) => {
    expect(await refusalOf('deployTransformation', { ...deployment, ...change })).toMatch(message);
  });

  test('keeps the references of the credentials it is tried with, and refuses those in the clear', async () => {
    const inline = (key: unknown) => [{ type: 'secrets', name: 'inline', input: { key } }];
    const authentications = inline({ $secret: 'env:SECRET_KEY' });
    expect(await checkInput('deployTransformation', { ...deployment, authentications })).toMatchObject({
      authentications,
    });
    const message = await refusalOf('deployTransformation', { ...deployment, authentications: inline('s3cr3t-word') });
    expect(message).toMatch(/^input\.authentications\[0\]\.input\.key: a credential may not stand here in the clear/);
    expect(message).not.toContain('s3cr3t');
  });
});
