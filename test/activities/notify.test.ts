import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createNotify, createPost, type Notice } from '../../src/activities/notify.ts';
import { SecretUnavailable } from '../../src/secrets/secret-store.ts';
import { startReceiver, type Receiver } from '../setup/receiver.ts';

const NOTICE: Notice = {
  id: 'workflow/approval-1/requested',
  kind: 'approval.requested',
  title: 'Approval wanted: <!channel> & co',
  text: 'Why: <https://evil.example|click>',
  at: '2026-11-24T00:00:00.000Z',
  workflowId: 'workflow',
  runId: 'run',
  details: { plan: { a: 1 } },
};

let receiver: Receiver;
const secrets: Record<string, string> = {};

beforeAll(async () => {
  receiver = await startReceiver();
  Object.assign(secrets, {
    'env:SECRET_HOOK': `${receiver.url}/hook?key=in-the-address`,
    'env:SECRET_AUTH': 'Bearer in-the-header',
    'env:SECRET_DEAD': 'http://127.0.0.1:9/in-the-address',
    'env:SECRET_PLAIN': 'http://example.com/in-the-address',
    'env:SECRET_JUNK': 'in-the-address',
  });
});
afterAll(() => receiver.stop());

const channel = (type: 'webhook' | 'slack', name: string) => ({
  type,
  url: { $secret: `env:SECRET_${name}` },
  headers: {},
});
function notify(name: string): Promise<void> {
  const post = createPost({
    channels: {
      hook: {
        ...channel('webhook', 'HOOK'),
        headers: { Authorization: { $secret: 'env:SECRET_AUTH' }, 'X-Team': 'data' },
      },
      slack: channel('slack', 'HOOK'),
      dead: channel('webhook', 'DEAD'),
      plain: channel('webhook', 'PLAIN'),
      junk: channel('webhook', 'JUNK'),
      missing: channel('webhook', 'MISSING'),
    },
    reveal: async (reference) => {
      const value = secrets[reference];
      if (value === undefined) throw new SecretUnavailable(`secret ${reference}: the variable is not set`);
      return value;
    },
    userAgent: 'test/1',
  });
  return new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') }).run(createNotify(post), {
    channel: name,
    notice: NOTICE,
  });
}

test('a webhook gets the whole notice, with its headers and an id to tell a repeat by', async () => {
  await notify('hook');
  expect(receiver.posted('/hook?key=in-the-address').at(-1)).toMatchObject({
    body: NOTICE,
    headers: {
      authorization: 'Bearer in-the-header',
      'x-team': 'data',
      'content-type': 'application/json',
      'idempotency-key': encodeURIComponent(NOTICE.id),
    },
  });
});

test('Slack gets a text in which nothing that people wrote is a mention or a link', async () => {
  await notify('slack');
  expect(receiver.posted('/hook?key=in-the-address').at(-1)?.body).toEqual({
    text: '*Approval wanted: &lt;!channel&gt; &amp; co*\nWhy: &lt;https://evil.example|click&gt;',
  });
});

test.for([
  ['dead', 'NoticeUndelivered', "channel 'dead' cannot be reached: ECONNREFUSED", false],
  ['plain', 'NoticeRefused', "channel 'plain': its secret is no https URL (http on loopback only)", true],
  ['junk', 'NoticeRefused', "channel 'junk': its secret is no https URL (http on loopback only)", true],
  ['missing', 'NoticeRefused', "channel 'missing': secret env:SECRET_MISSING: the variable is not set", true],
  ['constructor', 'NoticeRefused', "there is no channel 'constructor' in the approval policies of this worker", true],
] as const)(
  'the failure of %s says what is wrong, and never the address',
  async ([name, type, message, nonRetryable]) => {
    await expect(notify(name)).rejects.toMatchObject({ type, message, nonRetryable });
  },
);

test.for([
  [503, 'NoticeUndelivered', false],
  [429, 'NoticeUndelivered', false],
  [404, 'NoticeRefused', true],
  [302, 'NoticeRefused', true],
] as const)('an answer of %i is %s', async ([status, type, nonRetryable]) => {
  receiver.status = status;
  try {
    await expect(notify('hook')).rejects.toMatchObject({
      type,
      nonRetryable,
      message: expect.stringContaining(`${status}`),
    });
  } finally {
    receiver.status = 200;
  }
});
