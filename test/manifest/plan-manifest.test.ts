import { fc } from '../setup/fast-check.ts';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { exportManifest } from '../../src/manifest/export-manifest.ts';
import type { Inventory } from '../../src/manifest/inventory.ts';
import { manifestSchema, type Manifest } from '../../src/manifest/manifest.ts';
import { ManifestProblems, planManifest } from '../../src/manifest/plan-manifest.ts';
import { writeManifest } from '../../src/manifest/write-manifest.ts';
import { describePlan } from '../../src/workflows/steps/describe-plan.ts';
import { inventories } from './arbitrary.ts';

const NOTHING: Inventory = { authentication: [], source: [], transformation: [], destination: [], task: [] };
const plan = (manifest: Manifest, inventory: Partial<Inventory> = {}, prune = false) =>
  planManifest({ manifest, inventory: { ...NOTHING, ...inventory }, applicationId: 'APP', prune });

function problemsOf(...args: Parameters<typeof plan>): readonly string[] {
  try {
    plan(...args);
  } catch (error) {
    if (error instanceof ManifestProblems) return error.problems;
    throw error;
  }
  return [];
}

test('whatever there is, its manifest survives a file, is taken, and has nothing to do', () => {
  fc.assert(
    fc.property(inventories, (inventory) => {
      const { manifest, leftOut } = exportManifest(inventory, 'APP');
      expect(leftOut).toEqual([]);
      const read = parse(writeManifest(manifest)) as Manifest;
      expect(read).toEqual(JSON.parse(JSON.stringify(manifest)));
      expect(manifestSchema.safeParse(read).error).toBeUndefined();
      const planned = plan(read, inventory, true);
      expect(describePlan(planned)).toEqual([]);
      expect(planned.plan.counts.unchanged).toBe(Object.values(inventory).flat().length);
    }),
    { numRuns: 300 },
  );
});

const source = (name: string, more: object = {}) => ({
  name,
  type: 'json',
  input: { url: 'https://a.example' },
  ...more,
});
const there = (name: string, more: object = {}) => ({ ...source(name), sourceID: `id-${name}`, ...more });

describe('which resource an entry is about', () => {
  test('is said by its pin, which lets it be renamed', () => {
    const { steps } = plan({ sources: [source('new', { sourceID: 'id-old' })] }, { source: [there('old')] }).plan;
    expect(steps).toMatchObject([{ change: 'update', id: 'id-old', body: { name: 'new' } }]);
  });

  test('is said by its name without a pin, or with one that is no more', () => {
    expect(plan({ sources: [source('a')] }, { source: [there('a')] }).plan.steps).toEqual([]);
    const { plan: none, notes } = plan({ sources: [source('a', { sourceID: 'gone' })] }, { source: [there('a')] });
    expect(none.steps).toEqual([]);
    expect(notes).toEqual(['sources[0].sourceID: there is no source gone any more; the one meant is id-a']);
  });

  test('must be said where several have the name', () => {
    const two = [there('a'), there('a', { sourceID: 'id-2' })];
    expect(problemsOf({ sources: [source('a')] }, { source: two })).toEqual([
      "sources[0]: Algolia has 2 sources that are named 'a' (id-a, id-2): say which by sourceID",
    ]);
    expect(problemsOf({ sources: [source('a'), source('a')] })).toEqual([
      "sources[0] and sources[1] are both named 'a': give them different names, or say which is which by sourceID",
    ]);
    const pinned = [source('a', { sourceID: 'id-a' }), source('a', { sourceID: 'id-2' })];
    expect(plan({ sources: pinned }, { source: two }).plan.steps).toEqual([]);
  });
});

describe('a reference', () => {
  const authentication = {
    name: 'shop',
    type: 'basic',
    authenticationID: 'id-shop',
    input: { username: 'u', password: null },
  };

  test('to what Algolia has and the manifest has not is taken', () => {
    const { steps } = plan(
      { sources: [source('a', { authentication: 'shop' })] },
      { authentication: [authentication] },
    ).plan;
    expect(steps).toMatchObject([{ change: 'create', body: { authenticationID: 'id-shop' } }]);
  });

  test('to what is yet to be made waits for it', () => {
    const made = { name: 'shop', type: 'basic', input: { username: 'u', password: { $secret: 'env:SECRET_A' } } };
    const { steps } = plan({ sources: [source('a', { authentication: 'shop' })], authentications: [made] }).plan;
    expect(steps.map((step) => step.change === 'create' && [step.kind, step.body.authenticationID])).toEqual([
      ['authentication', undefined],
      ['source', { $idOf: 'authentications[0]' }],
    ]);
  });

  test('to a name that several have is refused, to an id of them not', () => {
    const two = [authentication, { ...authentication, authenticationID: 'id-2' }];
    expect(problemsOf({ sources: [source('a', { authentication: 'shop' })] }, { authentication: two })).toEqual([
      "sources[0].authentication: 2 authentications are named 'shop': say which by authenticationID",
    ]);
    expect(problemsOf({ sources: [source('a', { authenticationID: 'id-2' })] }, { authentication: two })).toEqual([]);
  });
});

describe('a credential', () => {
  const is = { name: 'shop', type: 'basic', authenticationID: 'id', input: { username: 'shop', password: null } };
  const wanted = (input: object) => ({ authentications: [{ name: 'shop', type: 'basic', input }] }) as Manifest;
  const secret = { $secret: 'env:SECRET_SHOP' };

  test('is no difference by itself, and is sent along with what is one', () => {
    expect(plan(wanted({ username: 'shop', password: secret }), { authentication: [is] }).plan.steps).toEqual([]);
    const { steps } = plan(wanted({ username: 'new', password: secret }), { authentication: [is] }).plan;
    expect(steps).toMatchObject([
      { differences: [{ field: 'input.username' }], body: { input: { username: 'new', password: secret } } },
    ]);
  });

  test('that is null is what Algolia has, and is never sent', () => {
    const { steps } = plan(wanted({ username: 'new', password: null }), { authentication: [is] }).plan;
    expect(steps).toMatchObject([{ body: { input: { username: 'new' } } }]);
    expect(problemsOf(wanted({ username: 'shop', password: null }))).toEqual([
      expect.stringMatching(/^authentications\[0\]\.input\.password: null stands for what Algolia has/),
    ]);
  });

  test('of a name that is not there yet is a difference', () => {
    const secrets = { name: 's', type: 'secrets', authenticationID: 'id', input: { A: null } };
    const manifest = { authentications: [{ name: 's', type: 'secrets', input: { A: secret, B: secret } }] };
    expect(plan(manifest, { authentication: [secrets] }).plan.steps).toMatchObject([
      { differences: [{ field: 'input.B', is: null, wanted: secret }], body: { input: { A: secret, B: secret } } },
    ]);
  });

  test('of a docker configuration must be there when the configuration is sent', () => {
    const docker = {
      name: 'd',
      type: 'docker',
      sourceID: 'id',
      input: { image: 'i', configuration: { token: null, pages: 5 } },
    };
    const configured = (configuration: object) => ({
      sources: [{ name: 'd', type: 'docker', input: { image: 'i', configuration } }],
    });
    expect(plan(configured({ token: secret, pages: 5 }), { source: [docker] }).plan.steps).toEqual([]);
    expect(plan(configured({ token: secret, pages: 6 }), { source: [docker] }).plan.steps).toMatchObject([
      { body: { input: { configuration: { token: secret, pages: 6 } } } },
    ]);
    expect(problemsOf(configured({ token: null, pages: 6 }), { source: [docker] })).toEqual([
      expect.stringContaining('sources[0].input.configuration.token: null stands for what Algolia has'),
    ]);
  });
});

describe('what a manifest leaves out', () => {
  test.each([
    ['json', { url: 'https://a.example', method: 'GET' }, []],
    ['json', { url: 'https://a.example', uniqueIDColumn: 'sku' }, ['input.uniqueIDColumn']],
  ])('of the input of a source that is updated as a whole is taken away: %s %j', (_, input, fields) => {
    const { steps } = plan({ sources: [source('a')] }, { source: [there('a', { input })] }).plan;
    expect(
      steps.flatMap((step) => (step.change === 'update' ? step.differences.map(({ field }) => field) : [])),
    ).toEqual(fields);
  });

  test('and no update can take away is told and stays', () => {
    const index = { name: 'i', type: 'algoliaIndex', sourceID: 'id', input: { indexName: 'x', filters: 'a:b' } };
    const { plan: none, notes } = plan(
      { sources: [{ name: 'i', type: 'algoliaIndex', input: { indexName: 'x' } }] },
      { source: [index] },
    );
    expect(none.steps).toEqual([]);
    expect(notes).toEqual(['sources[0].input.filters: is a:b at Algolia and stays so: no update can take it away']);
  });
});

test('code differs by its lines', () => {
  const of = (body: string) => ({ name: 't', type: 'code', input: { code: `function transform(r) {\n${body}\n}\n` } });
  const planned = plan(
    { transformations: [of('  return r;')] },
    { transformation: [{ ...of('  return [];'), transformationID: 'id' }] },
  );
  expect(describePlan(planned)).toEqual([
    '~ transformation t (id)',
    '    input.code:',
    '      -  return [];',
    '      +  return r;',
  ]);
});

test('what no manifest can express is left out, told, and never deleted', () => {
  const odd = there('odd', { type: 'laterThanThis' });
  const { manifest, leftOut } = exportManifest({ ...NOTHING, source: [odd] }, 'APP');
  expect(manifest.sources).toEqual([]);
  expect(leftOut).toEqual([expect.stringContaining('source odd (id-odd): ')]);
  const { plan: none, notes } = plan(manifest, { source: [odd] }, true);
  expect(none.steps).toEqual([]);
  expect(notes).toEqual([expect.stringContaining('is left alone')]);
});

test('a section that is missing is nobody’s business', () => {
  expect(plan({ destinations: [] }, { source: [there('a')] }, true).plan.steps).toEqual([]);
  expect(plan({ sources: [] }, { source: [there('a')] }, true).plan.steps).toMatchObject([
    { change: 'delete', id: 'id-a' },
  ]);
});
