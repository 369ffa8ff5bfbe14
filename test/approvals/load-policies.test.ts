import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadApprovalPolicies } from '../../src/approvals/load-policies.ts';

let directory: string;
beforeAll(() => void (directory = mkdtempSync(join(tmpdir(), 'policies-'))));
afterAll(() => rmSync(directory, { recursive: true }));

function load(yaml: string) {
  const path = join(directory, 'policies.yaml');
  writeFileSync(path, yaml);
  return loadApprovalPolicies(path);
}
/** What is said about a file that is wrong. */
function mistake(yaml: string): string {
  try {
    load(yaml);
  } catch (error) {
    const { name, message } = error as Error;
    return `${name}: ${message.replace(join(directory, 'policies.yaml'), 'FILE')}`;
  }
  return 'it was taken';
}

test('without a file there is the built-in default: any name but the requester, for a day', () => {
  const { policies, channels, builtInDefault } = loadApprovalPolicies(undefined);
  expect({ policies, channels, builtInDefault }).toEqual({
    builtInDefault: true,
    channels: {},
    policies: {
      default: {
        name: 'default',
        quorum: 1,
        forbidRequester: true,
        minTrust: 'declared',
        escalateTo: [],
        expiresAfter: '24h',
        notify: [],
        channelOf: {},
      },
    },
  });
});

test('a file adds policies, and one named default takes the place of the built-in one', () => {
  expect(load('policies: {mine: {quorum: 2}}')).toMatchObject({
    builtInDefault: true,
    policies: { mine: { quorum: 2 }, default: { quorum: 1 } },
  });
  expect(load('policies: {default: {approvers: [ana]}}')).toMatchObject({
    builtInDefault: false,
    policies: { default: { approvers: ['ana'] } },
  });
});

test('the example in config/ is right, and a workflow gets names of channels, never addresses', () => {
  const { policies, builtInDefault } = loadApprovalPolicies(
    fileURLToPath(new URL('../../config/approval-policies.yaml', import.meta.url)),
  );
  expect(builtInDefault).toBe(false);
  expect(policies['key-rotation']).toMatchObject({ quorum: 2, channelOf: { 'bob@example.com': 'bob' } });
  expect(JSON.stringify(policies)).not.toContain('SECRET_');
});

test.for([
  ['policies: {a: {quorum: 0}}', /^ConfigError: APPROVAL_POLICIES: FILE: policies\.a\.quorum: /],
  ['policies: {a: {qourum: 2}}', /policies\.a\.qourum: unknown field/],
  ['policies: {a: {approvers: []}}', /policies\.a\.approvers: name somebody, or leave it out/],
  ['policies: {a: {approvers: [Bob, "bob "]}}', /policies\.a\.approvers: a name stands here twice/],
  ['policies: {a: {approvers: ["<your name>"]}}', /approvers\[0\]: a name may not stand in <>/],
  ['policies: {a: {approvers: [ana], quorum: 2}}', /quorum: takes 2, but only 1 may approve/],
  ['policies: {a: {expiresAfter: soon}}', /expiresAfter: expected a duration/],
  ['policies: {a: {expiresAfter: 0s}}', /expiresAfter: must be longer than nothing/],
  ['policies: {a: {minTrust: high}}', /policies\.a\.minTrust: /],
  ['policies: {a: {minTrust: identity}}', /policies\.a\.approvers: must be named where minTrust is identity/],
  [
    'policies: {a: {minTrust: token, approvers: [ana]}}',
    /minTrust: sends each approver a token, but 'ana' has no channel/,
  ],
  ['policies: {a: {escalateTo: [eve], approvers: [ana]}}', /escalateAfter: says when escalateTo comes in/],
  [
    'policies: {a: {escalateTo: [eve], escalateAfter: 1h}}',
    /escalateTo: adds approvers, but without approvers anybody may/,
  ],
  ['policies: {a: {escalateAfter: 25h}}', /escalateAfter: comes after expiresAfter \(24h\)/],
  ['policies: {a: {remindEvery: 1s}}', /remindEvery: makes more than 200 reminders in 24h/],
  ['policies: {a: {notify: [ops]}}', /policies\.a\.notify\[0\]: there is no channel 'ops' under channels/],
  [
    'policies: {}\nchannels: {ops: {type: webhook, url: https://example.com/hook}}',
    /channels\.ops\.url: expected a reference/,
  ],
  ['policies: {}\napprovers: {ana: {channel: nowhere}}', /approvers\.ana\.channel: there is no channel 'nowhere'/],
  ['policies: {a: {}, a: {}}', /FILE: Map keys must be unique/],
  ['policies: *nobody', /^ConfigError: APPROVAL_POLICIES: FILE: Unresolved alias/],
  ['policies: [', /^ConfigError: APPROVAL_POLICIES: FILE: /],
  ['', /^ConfigError: APPROVAL_POLICIES: FILE: expected object/],
])('%j is refused, naming the place', ([yaml, message]) => {
  expect(mistake(yaml as string)).toMatch(message as RegExp);
});

test('a file that is not there is named', () => {
  expect(() => loadApprovalPolicies('/nowhere/policies.yaml')).toThrow(
    /^APPROVAL_POLICIES: \/nowhere\/policies.yaml: cannot be read: there is no such file/,
  );
});
