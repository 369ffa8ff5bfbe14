import { describe, expect, test, vi } from 'vitest';
import { changedMembers, isChangedSince, sourceBefore } from '../../../src/workflows/steps/source-before.ts';

const source = (type: string, members: object) =>
  ({ sourceID: 's', type, name: 'before', createdAt: '', ...members }) as Parameters<typeof sourceBefore>[0];

describe('what it takes to put a source back', () => {
  test('is the members that the update changes, as they were', () => {
    const json = source('json', { input: { url: 'https://a.example/', method: null }, authenticationID: 'old' });
    const update = { name: 'after', authenticationID: 'new', input: { url: 'https://b.example/' } };
    expect(sourceBefore(json, update)).toEqual({
      restore: { name: 'before', authenticationID: 'old', input: { url: 'https://a.example/' } },
      lost: [],
    });
    expect(sourceBefore(json, { name: 'after' })).toEqual({ restore: { name: 'before' }, lost: [] });
  });

  test('leaves out what the API would refuse in an update', () => {
    const shopify = source('shopify', { input: { shopURL: 'https://shop.example', featureFlags: { a: true } } });
    expect(sourceBefore(shopify, { input: { featureFlags: { a: false } } })).toEqual({
      restore: { input: { featureFlags: { a: true } } },
      lost: [],
    });
  });
});

describe('what can not be put back is told', () => {
  test('an input out of which a credential was taken, which is not written back without it', () => {
    vi.stubGlobal('followsChanges', true);
    const csv = source('csv', { input: { url: 'https://a.example/?token=[secret]', delimiter: ';' } });
    expect(sourceBefore(csv, { name: 'after', input: { url: 'https://b.example/' } })).toEqual({
      restore: { name: 'before' },
      lost: [expect.stringContaining('input.url is a credential')],
    });
    vi.unstubAllGlobals();
  });

  test('an authentication where there was none', () => {
    expect(sourceBefore(source('json', { authenticationID: null }), { authenticationID: 'new' })).toEqual({
      restore: {},
      lost: ['authenticationID: it had none, and an update cannot take one away'],
    });
  });

  test('a member that was not set, where an update only adds to the input', () => {
    const shopify = source('shopify', { input: { shopURL: 'https://shop.example' } });
    expect(sourceBefore(shopify, { input: { featureFlags: { a: true } } })).toEqual({
      restore: {},
      lost: ['input.featureFlags: it was not set, and an update cannot take it away'],
    });
  });

  test('a configuration that Algolia does not show', () => {
    const docker = source('docker', { input: { image: 'acme/connector' } });
    expect(sourceBefore(docker, { input: { configuration: { mode: 'new' } } })).toEqual({
      restore: {},
      lost: ['input: Algolia does not tell what the configuration of a docker source was'],
    });
  });
});

test('the plan shows what an update would change, and null for what there was not', () => {
  const json = source('json', { input: { url: 'https://a.example/' } });
  expect(changedMembers(json, { name: 'after', authenticationID: 'new' })).toEqual({
    name: 'before',
    authenticationID: null,
  });
});

describe('a source that', () => {
  const restore = { name: 'before', input: { url: 'https://a.example/' } };
  const updated = {
    sourceID: 's',
    sourceUpdate: { name: 'after', input: { url: 'https://b.example' } },
    updatedAt: '2026-11-26T04:00:00Z',
  };
  const now = (members: object) => source('json', { name: 'after', updatedAt: '2026-11-26T05:00:00Z', ...members });

  test.for([
    ['has not been touched since its update', now({ input: updated.sourceUpdate.input, updatedAt: updated.updatedAt })],
    ['Algolia keeps in another form', now({ input: { url: 'https://b.example/' }, updatedAt: updated.updatedAt })],
    ['has been changed elsewhere', now({ input: updated.sourceUpdate.input, authenticationID: 'other' })],
    ['never was updated', now(restore)],
    ['answers no input', now({ input: null })],
  ] as const)('%s is not changed', ([, found]) => {
    expect(isChangedSince(updated, restore, found)).toBe(false);
  });

  test('is neither as it was nor as it was to be has been changed by somebody else', () => {
    expect(isChangedSince(updated, restore, now({ input: { url: 'https://c.example/' } }))).toBe(true);
  });
});
