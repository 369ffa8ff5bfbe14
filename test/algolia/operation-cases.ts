import type { IngestionClient } from '@algolia/ingestion';
import type { OperationName } from '../../src/operations/index.ts';

/** The official client's argument. Of `key(value)` the official client gets the value and ours a reference to it. */
export type Case<N extends OperationName> = (key: (value: string) => string) => Parameters<IngestionClient[N]>[0];

const ID = '6c02aeb1-775e-418e-870b-1faccd4b2c0f';
const OTHER_ID = 'c3f6a7e0-0b0a-4b7e-8d1c-2f0d5b1a9e11';
/** Ids and names that must be encoded, or must not be. */
const ODD_IDS = [
  'a b',
  'a/b',
  'été 日本',
  "!'()*~-_.",
  '%2F',
  '...',
  '.well-known',
  'a?b#c',
  'a+b&c=d',
  '\u{1F600}',
  'a\tb',
];
const PEM = '-----BEGIN PRIVATE KEY-----\nMIIEvQ+/=\n"quoted" \\ back\n-----END PRIVATE KEY-----\n';

const pages = [
  { itemsPerPage: 1, page: 1 },
  { itemsPerPage: 100, page: 12_345 },
  { order: 'asc' },
  { order: 'desc' },
] as const;
const window = { startDate: '2026-11-23T10:00:00Z', endDate: '2026-11-24T10:00:00.123+02:00' };

const sources = [
  {
    type: 'commercetools',
    name: 'commercetools',
    authenticationID: ID,
    input: {
      url: 'https://api.europe-west1.gcp.commercetools.com',
      projectKey: 'shop',
      storeKeys: ['one', 'two'],
      locales: ['de', 'en-US'],
      fallbackIsInStockValue: false,
      productQueryPredicate: 'masterVariant(attributes(name="Brand" and value="Algolia"))',
      useImagesObjects: true,
      customFields: { inventory: ['a'], price: null, category: [] },
    },
  },
  { type: 'commercetools', name: 'least', input: { url: 'commercetools.com', projectKey: 'keyID' } },
  {
    type: 'bigcommerce',
    name: 'bigcommerce',
    authenticationID: ID,
    input: {
      storeHash: 'abc',
      channel: { id: 1, currencies: ['EUR', 'USD'] },
      customFields: ['size'],
      productMetafields: [{ namespace: 'n', key: 'k' }],
      variantMetafields: [],
    },
  },
  { type: 'bigcommerce', name: 'least', input: { storeHash: 'abc', channel: { id: 7 } } },
  {
    type: 'json',
    name: 'json',
    input: { url: 'https://example.com/a.json?x=1', uniqueIDColumn: 'id', method: 'POST' },
  },
  { type: 'json', name: 'least', input: { url: 'https://example.com/a.json' } },
  {
    type: 'csv',
    name: 'csv',
    input: {
      url: 'https://example.com/a.csv',
      uniqueIDColumn: 'id',
      mapping: { id: 'string', count: 'integer', price: 'float', live: 'boolean', tags: 'json' },
      method: 'GET',
      delimiter: '\t',
    },
  },
  { type: 'csv', name: 'wide delimiter', input: { url: 'https://example.com/a.csv', delimiter: '\u{1F4A5}' } },
  {
    type: 'bigquery',
    name: 'bigquery',
    authenticationID: ID,
    input: {
      projectID: 'p',
      datasetID: 'd',
      dataType: 'ga360',
      table: 't',
      customSQLRequest: 'SELECT * FROM `p.d.t` WHERE a > 1',
      uniqueIDColumn: 'id',
    },
  },
  { type: 'bigquery', name: 'prefix', input: { projectID: 'p', datasetID: 'd', tablePrefix: 'events_' } },
  { type: 'ga4BigqueryExport', name: 'ga4', input: { projectID: 'p', datasetID: 'd', tablePrefix: 'events_' } },
  {
    type: 'shopify',
    name: 'shopify',
    input: { shopURL: 'shop.myshopify.com', featureFlags: { a: true, b: { c: [1] } } },
  },
  { type: 'shopify', name: 'least', input: { shopURL: 'shop.myshopify.com' } },
  { type: 'algoliaIndex', name: 'index', input: { indexName: 'prod', filters: 'brand:Algolia' } },
  { type: 'push', name: 'push' },
  { type: 'push', name: 'push with authentication', authenticationID: ID },
] as const satisfies readonly Immutable<ReturnType<Case<'createSource'>>>[];

const dockerSource = (key: (value: string) => string) => ({
  type: 'docker' as const,
  name: 'docker',
  input: {
    image: 'zendesk',
    configuration: {
      start_date: '2026-01-01',
      port: 5432,
      live: true,
      nothing: null,
      lists: [1, 'two', { three: 3 }],
      credentials: { auth: 'token', api_token: key('zendesk-token-1'), email: 'a@example.com' },
      accounts: [{ password: key('pass word/2') }],
    },
  },
});
const allSources: Case<'createSource'>[] = [...sources.map((source) => () => mutable(source)), dockerSource];

const sourceUpdates: ((
  key: (value: string) => string,
) => Parameters<IngestionClient['updateSource']>[0]['sourceUpdate'])[] = [
  () => ({}),
  () => ({ name: 'new name' }),
  () => ({ authenticationID: OTHER_ID }),
  () => ({ input: { url: 'https://example.com/b.json' } }),
  () => ({ input: { url: 'https://example.com/b.csv', delimiter: ';', mapping: { a: 'json' } } }),
  () => ({
    input: {
      storeKeys: [],
      locales: ['fr'],
      url: 'commercetools.com',
      fallbackIsInStockValue: true,
      productQueryPredicate: '',
      useImagesObjects: false,
      categoriesCustomFieldsFullPath: true,
      customFields: { inventory: null },
    },
  }),
  () => ({ input: { projectID: 'p', datasetID: 'd', tablePrefix: 'events_' } }),
  () => ({ input: { projectID: 'p', datasetID: 'd', customSQLRequest: 'SELECT 1', dataType: 'ga4' } }),
  (key) => ({ input: { configuration: { host: 'db', password: key('docker-password') } } }),
  () => ({ input: { indexName: 'other', filters: "brand:'x' AND price > 1" } }),
  () => ({ input: { featureFlags: { fast: true } } }),
  () => ({ input: {} }),
];

const authentications: Case<'createAuthentication'>[] = [
  (key) => ({
    type: 'googleServiceAccount',
    name: 'google',
    input: { clientEmail: 'a@b.iam.gserviceaccount.com', privateKey: key(PEM) },
  }),
  (key) => ({
    type: 'basic',
    name: 'basic',
    platform: null,
    input: { username: 'user', password: key('pässword "1"') },
  }),
  (key) => ({ type: 'apiKey', name: 'api key', platform: 'bigcommerce', input: { key: key('api-key-1') } }),
  (key) => ({
    type: 'oauth',
    name: 'oauth',
    platform: 'commercetools',
    input: {
      url: 'https://auth.example.com',
      client_id: 'myID',
      client_secret: key('mySecret'),
      code: key('one-time-code'),
      scope: '',
    },
  }),
  () => ({ type: 'oauth', name: 'oauth, least', platform: 'shopify', input: { url: 'https://auth.example.com' } }),
  (key) => ({ type: 'algolia', name: 'algolia', input: { appID: 'APP2', apiKey: key('randomApiKey') } }),
  (key) => ({ type: 'algoliaInsights', name: 'insights', input: { appID: 'APP2', apiKey: key('randomApiKey') } }),
  (key) => ({ type: 'secrets', name: 'secrets', input: { TOKEN: key('one-one'), 'odd name': key('two-two') } }),
  () => ({ type: 'secrets', name: 'no secrets', input: {} }),
  // What is no secret by itself may be kept beside one.
  (key) => ({ type: 'basic', name: 'basic', input: { username: key('secret user'), password: key('pass-5') } }),
];

const tasks: Case<'createTask'>[] = [
  () => ({ sourceID: ID, destinationID: OTHER_ID, action: 'replace' }),
  () => ({
    sourceID: 'search',
    destinationID: 'destinationName',
    action: 'save',
    subscriptionAction: 'partialNoCreate',
    cron: '*/5 0-6 1,15 * MON-FRI',
    enabled: false,
    failureThreshold: 0,
    cursor: '2026-11-24T00:00:00Z',
    notifications: { email: { enabled: true } },
    policies: { criticalThreshold: 10 },
  }),
  () => ({
    sourceID: ID,
    destinationID: ID,
    action: 'append',
    notifications: { email: {} },
    policies: {},
    input: {
      streams: [
        { name: 'foo', syncMode: 'incremental', properties: ['a'] },
        { name: 'b', syncMode: 'fullTable' },
      ],
    },
  }),
  () => ({
    sourceID: ID,
    destinationID: ID,
    action: 'partial',
    input: {
      metafields: [{ namespace: 'n', key: 'k', value: 'v' }],
      market: { countries: ['FR'], currencies: ['EUR'], locales: ['fr'] },
    },
  }),
  () => ({
    sourceID: ID,
    destinationID: ID,
    action: 'partialNoCreate',
    input: {
      mapping: {
        format: 'mappingkit/v1',
        actions: [
          { id: 'a', enabled: true, trigger: 'true', fieldDirectives: [{ fieldKey: 'f', value: { a: { b: null } } }] },
          { enabled: false, trigger: '', fieldDirectives: [] },
        ],
      },
    },
  }),
];

const transformations: Case<'createTransformation'>[] = [
  () => ({
    name: 'code',
    type: 'code',
    input: { code: 'async function transform(r) { return r; }\n// \u2028 "x" \\' },
  }),
  () => ({ name: 'old code', code: 'foo' }),
  () => ({ name: 'typeless', input: { code: '' }, description: 'what it does', authenticationIDs: [ID] }),
  () => ({ name: 'no code', type: 'noCode', input: { steps: [{ kind: 'rename', from: 'a' }, {}] } }),
];
const tries: Case<'tryTransformation'>[] = [
  () => ({ type: 'code', input: { code: 'foo' }, sampleRecord: { bar: 'baz', nested: { $secret: 'env:NOT_ONE' } } }),
  () => ({ code: 'foo', sampleRecord: {} }),
  (key) => ({
    type: 'noCode',
    input: { steps: [] },
    sampleRecord: { a: [1] },
    authentications: authentications.map((authentication) => authentication(key)),
  }),
];

const pushes: Parameters<IngestionClient['push']>[0]['pushTaskPayload'][] = [
  {
    action: 'addObject',
    records: [
      { objectID: 'o', foo: '1' },
      { objectID: '\u{1F600}', nested: { a: [null, 1.5, ''] } },
    ],
  },
  { action: 'updateObject', records: [{ objectID: 'o' }] },
  { action: 'partialUpdateObject', records: [{ objectID: 'o', count: { _operation: 'Increment', value: 1 } }] },
  { action: 'partialUpdateObjectNoCreate', records: [{ objectID: 'o', a: 1 }] },
  { action: 'deleteObject', records: [{ objectID: 'o' }] },
  { action: 'delete', records: [] },
  { action: 'clear', records: [] },
  // Records are data: what looks like a reference in one is none.
  { action: 'addObject', records: [{ objectID: 'o', secret: { $secret: 'env:SECRET_X' }, password: 'in a record' }] },
];

const customPaths = [
  '1/newFeature',
  'test/minimal',
  '1/indexes/a b/é',
  '1/indexes/a%20b%2Fc',
  '1/x\'y(z)*!~[1]|{2}^`<3>"',
  '1/a//b/',
  ' 1/a ',
  '1/$&/$1/$$',
];
const parameters = [
  { query: 'to be or not', page: 1, live: true },
  { b: ['x y', 'z,w', 1], a: 'é&=+%?/#', C: '', empty: [], q: "brand:'x'" },
  { 'facets[]': 'a', 'with space': 1, 'a.b:c,d@e/f;g': 2 },
  {},
] as { [key: string]: unknown }[];
const customReads: Case<'customGet'>[] = [
  ...customPaths.filter((path) => !path.includes('$')).map((path) => () => ({ path })),
  ...parameters.map((members) => () => ({ path: 'test/all', parameters: members })),
];
const customWrites: Case<'customPost'>[] = [
  ...customReads,
  () => ({ path: 'test', body: {} }),
  () => ({ path: 'test', body: { facet: 'filters', list: [1, [2], { a: null }], deep: { a: { b: { c: '' } } } } }),
  (key) => ({
    path: '1/authentications',
    parameters: { a: 'b' },
    body: { type: 'basic', input: { password: key('pw-1234') } },
  }),
];

const ids = [ID, ...ODD_IDS];

/** Several arguments for every operation. */
export const cases: { [N in OperationName]: readonly Case<N>[] } = {
  listAuthentications: [
    () => ({}),
    () => undefined,
    ...pages.map((page) => () => page),
    () => ({ type: ['basic', 'algolia'], platform: ['none', 'shopify'], sort: 'platform' }),
    () => ({ type: ['googleServiceAccount', 'apiKey', 'oauth', 'algoliaInsights', 'secrets'] }),
    () => ({ type: [], page: undefined }),
  ],
  createAuthentication: authentications,
  searchAuthentications: [() => ({ authenticationIDs: [ID, OTHER_ID] }), () => ({ authenticationIDs: [] })],
  getAuthentication: ids.map((authenticationID) => () => ({ authenticationID })),
  updateAuthentication: [
    () => ({ authenticationID: ID, authenticationUpdate: {} }),
    () => ({ authenticationID: 'a/b', authenticationUpdate: { name: 'new' } }),
    (key) => ({ authenticationID: ID, authenticationUpdate: { input: { clientEmail: 'a@b', privateKey: key(PEM) } } }),
    (key) => ({ authenticationID: ID, authenticationUpdate: { input: { username: 'u', password: key('p-12345') } } }),
    () => ({ authenticationID: ID, authenticationUpdate: { input: { url: 'https://a', scope: 's', client_id: 'c' } } }),
    (key) => ({
      authenticationID: ID,
      authenticationUpdate: { input: { code: key('c0de'), client_secret: key('cs-1') } },
    }),
    (key) => ({ authenticationID: ID, authenticationUpdate: { input: { appID: 'A', apiKey: key('k-12345') } } }),
    (key) => ({ authenticationID: ID, authenticationUpdate: { input: { anything: key('k-67890') } } }),
  ],
  deleteAuthentication: ids.map((authenticationID) => () => ({ authenticationID })),

  listDestinations: [
    () => ({}),
    () => undefined,
    ...pages.map((page) => () => page),
    () => ({
      type: ['search', 'insights'],
      authenticationID: [ID, 'none', 'a,b'],
      transformationID: "it's é/1",
      sort: 'name',
    }),
  ],
  createDestination: [
    () => ({ type: 'search', name: 'destinationName', input: { indexName: 'full_name______' }, authenticationID: ID }),
    () => ({
      type: 'insights',
      name: 'é',
      input: { indexName: 'a b/c', recordType: 'variant', attributesToExclude: ['foo.[0].bar', 'foo.[*].bar'] },
      transformationIDs: [ID, OTHER_ID],
    }),
    () => ({
      type: 'search',
      name: 'least',
      input: { indexName: 'i', attributesToExclude: [] },
      transformationIDs: [],
    }),
  ],
  searchDestinations: [() => ({ destinationIDs: [ID, OTHER_ID] }), () => ({ destinationIDs: [] })],
  getDestination: ids.map((destinationID) => () => ({ destinationID })),
  updateDestination: [
    () => ({ destinationID: ID, destinationUpdate: {} }),
    () => ({ destinationID: ID, destinationUpdate: { name: 'new', authenticationID: ID, transformationIDs: [] } }),
    () => ({ destinationID: 'a b', destinationUpdate: { input: { indexName: 'i', recordType: 'collection' } } }),
    () => ({ destinationID: ID, destinationUpdate: { input: { attributesToExclude: ['a'] } } }),
  ],
  deleteDestination: ids.map((destinationID) => () => ({ destinationID })),

  listSources: [
    () => ({}),
    () => undefined,
    ...pages.map((page) => () => page),
    () => ({ type: ['json', 'csv'], authenticationID: ['none', ID], sort: 'updatedAt' }),
    () => ({ type: ['algoliaIndex', 'bigcommerce', 'bigquery', 'commercetools', 'docker', 'ga4BigqueryExport'] }),
  ],
  createSource: allSources,
  searchSources: [() => ({ sourceIDs: [ID, OTHER_ID] }), () => ({ sourceIDs: ['search'] })],
  getSource: ids.map((sourceID) => () => ({ sourceID })),
  updateSource: sourceUpdates.map((update) => (key) => ({ sourceID: ID, sourceUpdate: update(key) })),
  deleteSource: ids.map((sourceID) => () => ({ sourceID })),
  validateSource: [...allSources, () => undefined as never, () => ({}) as never],
  validateSourceBeforeUpdate: sourceUpdates.map((update) => (key) => ({ sourceID: 'a b', sourceUpdate: update(key) })),
  triggerDockerSourceDiscover: ids.map((sourceID) => () => ({ sourceID })),
  runSource: [
    ...ids.map((sourceID) => () => ({ sourceID })),
    () => ({ sourceID: ID, runSourcePayload: {} }),
    () => ({
      sourceID: ID,
      runSourcePayload: {
        indexToInclude: ['products_us', 'products eu'],
        indexToExclude: [],
        entityIDs: ['1234', '5678'],
        entityType: 'product',
        runMetadata: { by: 'a test', deep: { a: [1, null] } },
      },
    }),
  ],

  listTasks: [
    () => ({}),
    () => undefined,
    ...pages.map((page) => () => page),
    () => ({
      action: ['replace', 'save', 'partial', 'partialNoCreate', 'append'],
      enabled: false,
      sourceID: [ID, 'x y'],
      sourceType: ['push', 'shopify'],
      destinationID: [OTHER_ID],
      triggerType: ['onDemand', 'schedule', 'subscription', 'streaming'],
      withEmailNotifications: true,
      sort: 'triggerType',
    }),
  ],
  createTask: tasks,
  searchTasks: [() => ({ taskIDs: [ID, OTHER_ID] }), () => ({ taskIDs: [] })],
  getTask: ids.map((taskID) => () => ({ taskID })),
  replaceTask: tasks.map((task) => (key) => {
    const { sourceID: _, ...taskReplace } = task(key);
    return { taskID: ID, taskReplace };
  }),
  updateTask: [
    () => ({ taskID: ID, taskUpdate: {} }),
    ...tasks.map((task): Case<'updateTask'> => (key) => {
      const { sourceID: _, action: __, cursor: ___, ...taskUpdate } = task(key);
      return { taskID: 'a/b', taskUpdate };
    }),
    () => ({ taskID: ID, taskUpdate: { enabled: true, failureThreshold: 100, cron: '0 3 * * *' } }),
  ],
  deleteTask: ids.map((taskID) => () => ({ taskID })),
  enableTask: ids.map((taskID) => () => ({ taskID })),
  disableTask: ids.map((taskID) => () => ({ taskID })),
  runTask: [
    ...ids.map((taskID) => () => ({ taskID })),
    () => ({ taskID: ID, runTaskPayload: {} }),
    () => ({ taskID: ID, runTaskPayload: { runMetadata: { reason: 'é', deep: [{ a: null }] } } }),
  ],
  pushTask: [
    ...pushes.map((pushTaskPayload) => () => ({ taskID: ID, pushTaskPayload })),
    () => ({ taskID: 'a b', pushTaskPayload: pushes[1]!, watch: true }),
    () => ({ taskID: ID, pushTaskPayload: pushes[1]!, watch: false }),
  ],

  listTransformations: [
    () => ({}),
    () => undefined,
    ...pages.map((page) => () => page),
    () => ({ sort: 'name', type: 'noCode' }),
  ],
  createTransformation: transformations,
  tryTransformation: tries,
  searchTransformations: [() => ({ transformationIDs: [ID] }), () => ({ transformationIDs: [] })],
  getTransformation: ids.map((transformationID) => () => ({ transformationID })),
  updateTransformation: transformations.map((transformation) => (key) => ({
    transformationID: 'a b',
    transformationCreate: transformation(key),
  })),
  deleteTransformation: ids.map((transformationID) => () => ({ transformationID })),
  tryTransformationBeforeUpdate: tries.map((attempt) => (key) => ({
    transformationID: ID,
    transformationTry: attempt(key),
  })),

  listRuns: [
    () => ({}),
    () => undefined,
    ...pages.map((page) => () => page),
    () => ({
      status: ['created', 'started', 'finished', 'skipped'],
      type: ['reindex', 'push'],
      taskID: 'a b,c',
      ...window,
    }),
    () => ({ sort: 'status', type: ['update', 'discover', 'validate'], startDate: '2026-11-24' }),
  ],
  getRun: ids.map((runID) => () => ({ runID })),
  listEvents: [
    ...ids.map((runID) => () => ({ runID })),
    ...pages.map((page) => () => ({ runID: ID, ...page })),
    () => ({ runID: ID, status: ['failed', 'critical'], type: ['fetch', 'record', 'log', 'transform'], ...window }),
    () => ({ runID: ID, status: ['created', null as never, 'retried'], sort: 'publishedAt' }),
  ],
  getEvent: ids.map((eventID) => () => ({ runID: ID, eventID })),

  push: [
    ...pushes.map((pushTaskPayload) => () => ({ indexName: 'products', pushTaskPayload })),
    ...ODD_IDS.map((indexName) => () => ({ indexName, pushTaskPayload: pushes[1]! })),
    () => ({ indexName: 'p', pushTaskPayload: pushes[0]!, watch: true, referenceIndexName: "prod été's/1" }),
  ],

  customGet: customReads,
  customPost: customWrites,
  customPut: customWrites,
  customDelete: customReads,
};

type Immutable<T> = T extends object ? { readonly [K in keyof T]: Immutable<T[K]> } : T;

function mutable(source: (typeof sources)[number]): ReturnType<Case<'createSource'>> {
  return structuredClone(source) as unknown as ReturnType<Case<'createSource'>>;
}
