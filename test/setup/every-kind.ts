import type { Simulator } from '../../simulator/index.ts';
import { callAlgolia } from './connector.ts';

const SECRET = 'correct-horse-battery';

const AUTHENTICATIONS = {
  googleServiceAccount: { clientEmail: 'shop@example.com', privateKey: SECRET },
  basic: { username: 'shop', password: SECRET },
  apiKey: { key: SECRET },
  oauth: { url: 'https://auth.example.com', client_id: 'shop', client_secret: SECRET, code: SECRET },
  algolia: { appID: 'DEMOAPP', apiKey: SECRET },
  algoliaInsights: { appID: 'DEMOAPP', apiKey: SECRET },
  secrets: { TOKEN: SECRET, url: SECRET },
} as const;

const SOURCES = {
  algoliaIndex: { indexName: 'products', filters: 'inStock:true' },
  bigcommerce: {
    storeHash: 'abc',
    channel: { id: 1, currencies: ['EUR'] },
    productMetafields: [{ namespace: 'n', key: 'k' }],
  },
  bigquery: { projectID: 'p', datasetID: 'd', table: 't', dataType: 'ga4' },
  commercetools: {
    url: 'https://ct.example.com',
    projectKey: 'p',
    locales: ['de-DE'],
    fallbackIsInStockValue: false,
    customFields: { inventory: ['a'], price: null },
  },
  csv: { url: 'https://shop.example.com/a.csv', mapping: { price: 'float' }, delimiter: ';', method: 'POST' },
  docker: { image: 'zendesk', configuration: { subdomain: 'shop', credentials: { api_token: SECRET }, pages: 5 } },
  ga4BigqueryExport: { projectID: 'p', datasetID: 'd', tablePrefix: 'events_' },
  json: { url: 'https://shop.example.com/a.json', uniqueIDColumn: 'sku' },
  shopify: { shopURL: 'https://shop.example.com', featureFlags: { collections: true } },
  push: undefined,
} as const;

const TASK_INPUTS: Readonly<Record<string, unknown>> = {
  docker: { streams: [{ name: 'tickets', syncMode: 'incremental', properties: ['id'] }] },
  shopify: {
    metafields: [{ namespace: 'n', key: 'k', value: 'v' }],
    market: { countries: ['DE'], currencies: ['EUR'], locales: ['de'] },
  },
  ga4BigqueryExport: {
    mapping: {
      format: 'mappingkit/v1',
      actions: [
        {
          enabled: true,
          trigger: 'true',
          fieldDirectives: [{ fieldKey: 'name', value: { directive: 'copy', from: 'n' } }],
        },
      ],
    },
  },
};

export interface EveryKind {
  readonly authentications: Readonly<Record<string, string>>;
  readonly sources: Readonly<Record<string, string>>;
  readonly transformations: readonly string[];
  readonly destinations: readonly string[];
  readonly tasks: Readonly<Record<string, string>>;
}

/** One of every type that there is of everything, with every member that it may have, as if somebody had made them by hand. */
export async function makeEveryKind(simulator: Simulator): Promise<EveryKind> {
  const create = async (path: string, body: object): Promise<Record<string, string>> =>
    callAlgolia(simulator, `POST ${path}`, body);
  const authentications: Record<string, string> = {};
  for (const [type, input] of Object.entries(AUTHENTICATIONS)) {
    const platform = type === 'apiKey' ? { platform: 'bigcommerce' } : {};
    const made = await create('/1/authentications', { type, name: `auth ${type}`, input, ...platform });
    authentications[type] = made.authenticationID ?? '';
  }
  const sources: Record<string, string> = {};
  for (const [type, input] of Object.entries(SOURCES)) {
    const authenticationID = type === 'json' ? { authenticationID: authentications.basic } : {};
    const made = await create('/1/sources', {
      type,
      name: `source ${type}`,
      ...(input ? { input } : {}),
      ...authenticationID,
    });
    sources[type] = made.sourceID ?? '';
  }
  const code = 'async function transform(record, helper) {\n  // "quoted": #1\n  return record;\n}\n';
  const transformations = [
    {
      name: 'by code',
      type: 'code',
      input: { code },
      description: 'adds nothing',
      authenticationIDs: [authentications.secrets],
    },
    { name: 'without code', type: 'noCode', input: { steps: [{ id: 's1', kind: 'filter', of: { price: 0 } }] } },
    { name: 'as of old', code: 'function transform(record) { return record; }' },
  ];
  const transformationIDs: string[] = [];
  for (const body of transformations)
    transformationIDs.push((await create('/1/transformations', body)).transformationID ?? '');
  const destinations = [
    {
      type: 'search',
      name: 'found',
      input: { indexName: 'products', recordType: 'product', attributesToExclude: ['cost'] },
      authenticationID: authentications.algolia,
      transformationIDs: transformationIDs.slice(0, 2),
    },
    {
      type: 'insights',
      name: 'seen',
      input: { indexName: 'events' },
      authenticationID: authentications.algoliaInsights,
    },
  ];
  const destinationIDs: string[] = [];
  for (const body of destinations) destinationIDs.push((await create('/1/destinations', body)).destinationID ?? '');
  const tasks: Record<string, string> = {};
  for (const [type, sourceID] of Object.entries(sources)) {
    const input = TASK_INPUTS[type] === undefined ? {} : { input: TASK_INPUTS[type] };
    const destinationID = destinationIDs[type === 'ga4BigqueryExport' ? 1 : 0];
    const made = await create('/2/tasks', {
      sourceID,
      destinationID,
      action: type === 'json' ? 'replace' : 'save',
      ...(type === 'push' ? {} : { cron: '0  3 * * *' }),
      enabled: type !== 'csv',
      failureThreshold: 5,
      cursor: '2026-01-01T00:00:00Z',
      notifications: { email: { enabled: true } },
      policies: { criticalThreshold: 3 },
      ...(type === 'shopify' ? { subscriptionAction: 'partial' } : {}),
      ...input,
    });
    tasks[type] = made.taskID ?? '';
  }
  return { authentications, sources, transformations: transformationIDs, destinations: destinationIDs, tasks };
}
