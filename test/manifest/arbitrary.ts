import { fc } from '../setup/fast-check.ts';
import type { Inventory, Resource } from '../../src/manifest/inventory.ts';

const name = fc.oneof(
  fc.constantFrom('shop', 'products', 'a b', '"quoted": #1', 'null', '0'),
  fc.string({ minLength: 1, maxLength: 12 }),
);
const text = fc.oneof(
  fc.string({ minLength: 1 }),
  fc.constantFrom('  indented\n\nlines \n', 'yes', '1e3', '- a', 'a: b'),
);
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });

/** As Algolia answers: nulls and empty values where nothing is set, credentials blanked, members that nobody knows. */
const unset = fc.constantFrom(null, undefined);
const orUnset = <T>(value: fc.Arbitrary<T>) => fc.oneof(value, unset);

const sourceInput = fc.oneof(
  fc.record({
    type: fc.constant('json'),
    input: fc.record({ url: text, uniqueIDColumn: orUnset(text), method: orUnset(fc.constantFrom('GET', 'POST')) }),
  }),
  fc.record({
    type: fc.constant('csv'),
    input: fc.record({
      url: text,
      delimiter: orUnset(fc.constantFrom(',', ';')),
      mapping: orUnset(fc.dictionary(text, fc.constantFrom('string', 'float'), { maxKeys: 2 })),
    }),
  }),
  fc.record({
    type: fc.constant('shopify'),
    input: fc.record({ shopURL: text, featureFlags: orUnset(fc.dictionary(text, fc.boolean(), { maxKeys: 2 })) }),
  }),
  fc.record({
    type: fc.constant('docker'),
    input: fc.record({
      image: text,
      configuration: fc.dictionary(text, fc.oneof(fc.constant(null), fc.integer()), { maxKeys: 3 }),
    }),
  }),
  fc.record({ type: fc.constant('push'), input: unset }),
);
const authenticationInput = fc.oneof(
  fc.record({ type: fc.constant('basic'), input: fc.record({ username: text, password: unset }) }),
  fc.record({
    type: fc.constant('oauth'),
    input: fc.record({
      url: text,
      client_id: orUnset(text),
      client_secret: unset,
      scope: fc.constantFrom('', null, 'all'),
    }),
  }),
  fc.record({ type: fc.constant('secrets'), input: fc.dictionary(text, fc.constant(null), { maxKeys: 3 }) }),
);
const codeOrSteps = fc.oneof(
  fc
    .record({ type: fc.constantFrom('code', undefined), code: text })
    .map(({ type, code }) => ({ type, code, input: type ? { code } : undefined })),
  fc
    .array(fc.dictionary(text, fc.integer(), { maxKeys: 2 }), { maxLength: 2 })
    .map((steps) => ({ type: 'noCode', code: '', input: { steps } })),
);

interface Sizes {
  readonly authentications: number;
  readonly sources: number;
  readonly transformations: number;
  readonly destinations: number;
  readonly tasks: number;
}
const sizes: fc.Arbitrary<Sizes> = fc.record({
  authentications: fc.nat(3),
  sources: fc.integer({ min: 1, max: 4 }),
  transformations: fc.nat(3),
  destinations: fc.integer({ min: 1, max: 3 }),
  tasks: fc.nat(6),
});

const list = (count: number, kind: string, of: fc.Arbitrary<object>): fc.Arbitrary<Resource[]> =>
  fc
    .array(of, { minLength: count, maxLength: count })
    .map((items) =>
      items.map((item, place) => ({ ...item, [`${kind}ID`]: `${kind}-${place}`, owner: null, later: 'unknown' })),
    );
const idsOf = (kind: string, count: number) => Array.from({ length: count }, (_, place) => `${kind}-${place}`);
const one = (kind: string, count: number) => (count === 0 ? unset : orUnset(fc.constantFrom(...idsOf(kind, count))));
const some = (kind: string, count: number) => orUnset(fc.subarray(idsOf(kind, count)));

/** Whatever an application may have: several of a name, fields that are set and not. */
export const inventories: fc.Arbitrary<Inventory> = sizes.chain((size) =>
  fc.record({
    authentication: list(
      size.authentications,
      'authentication',
      fc
        .tuple(fc.record({ name, platform: fc.constantFrom(null, 'shopify') }), authenticationInput)
        .map(([a, b]) => ({ ...a, ...b })),
    ),
    source: list(
      size.sources,
      'source',
      fc
        .tuple(fc.record({ name, authenticationID: one('authentication', size.authentications) }), sourceInput)
        .map(([a, b]) => ({ ...a, ...b })),
    ),
    transformation: list(
      size.transformations,
      'transformation',
      fc
        .tuple(
          fc.record({
            name,
            description: fc.constantFrom('', null, 'what it does'),
            authenticationIDs: some('authentication', size.authentications),
          }),
          codeOrSteps,
        )
        .map(([a, b]) => ({ ...a, ...b })),
    ),
    destination: list(
      size.destinations,
      'destination',
      fc.record({
        name,
        type: fc.constantFrom('search', 'insights'),
        input: fc.record({
          indexName: text,
          recordType: orUnset(fc.constant('product')),
          attributesToExclude: orUnset(fc.array(text, { maxLength: 2 })),
        }),
        authenticationID: one('authentication', size.authentications),
        transformationIDs: some('transformation', size.transformations),
      }),
    ),
    task: list(
      size.tasks,
      'task',
      fc.record({
        sourceID: fc.constantFrom(...idsOf('source', size.sources)),
        destinationID: fc.constantFrom(...idsOf('destination', size.destinations)),
        action: fc.constantFrom('replace', 'save'),
        cron: fc.constantFrom('', null, '0 3 * * *', ' 0  3 * * 1 '),
        enabled: fc.constantFrom(true, false, null),
        failureThreshold: orUnset(fc.nat(100)),
        subscriptionAction: fc.constantFrom(null, 'partial'),
        cursor: fc.constantFrom(null, '2026-01-01T00:00:00Z'),
        notifications: maybe(fc.constantFrom({ email: { enabled: true } }, { email: {} }, {})),
        policies: maybe(fc.constantFrom({ criticalThreshold: 3 }, {})),
        input: fc.constantFrom(null, {}, { streams: [{ name: 's', syncMode: 'incremental' }] }),
      }),
    ),
  }),
);
