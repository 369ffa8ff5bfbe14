import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { startSimulator, type Simulator } from '../../simulator/index.ts';
import { callAlgolia, makeConnector } from './connector.ts';
import { makeIndex, makePushConnector, makeRecords } from './indices.ts';
import { serveOnLoopback, type LoopbackServer } from '../../scripts/serve-on-loopback.ts';

const RECORDS = makeRecords(25, 'Title').map((record) => ({ ...record, sku: record.objectID }));
const CSV = ['objectID,title,sku', ...RECORDS.map(({ objectID, title, sku }) => [objectID, title, sku].join(','))].join(
  '\n',
);
const CODE = 'async function transform(record) { return record; }';
const POLICIES = `
policies: {}
channels:
  data-team: {type: webhook, url: {$secret: 'env:SECRET_WEBHOOK'}}
  audit: {type: webhook, url: {$secret: 'env:SECRET_WEBHOOK'}}
`;

export interface ExampleWorld {
  readonly simulator: Simulator;
  /** What the worker's environment has to have. */
  readonly environment: Readonly<Record<string, string>>;
  /** An example of the docs with what is there in the place of the ids and addresses that a reader puts in. */
  readonly realize: (example: unknown) => unknown;
  readonly stop: () => Promise<void>;
}

/** All that the examples of docs/workflows.md speak of: connectors, records, secrets, channels. */
export async function startExampleWorld(): Promise<ExampleWorld> {
  const simulator = await startSimulator({ runSpeed: 100 });
  const shop = await serveShop();
  const directory = await mkdtemp(join(tmpdir(), 'examples-'));
  const [secrets, records] = [join(directory, 'secrets'), join(directory, 'records')];
  await Promise.all([
    write(join(secrets, 'algolia'), 'v8', 'the-next-key'),
    write(join(secrets, 'shop'), 'password-v2', 'new-password'),
    write(records, 'products.csv', CSV),
    write(records, 'products.ndjson.gz', gzipSync(RECORDS.map((record) => JSON.stringify(record)).join('\n'))),
    write(join(records, 'transformations'), 'products.js', `// The next version.\n${CODE}`),
    write(directory, 'policies.yaml', POLICIES),
  ]);
  await simulator.control('POST /keys', { key: 'the-next-key', acl: ['addObject', 'deleteIndex', 'editSettings'] });
  makeIndex(simulator, 'products', { count: RECORDS.length });
  await makePushConnector(simulator, 'products');
  const ids = await makeResources(simulator, shop.url);
  return {
    simulator,
    environment: {
      SECRETS_DIR: secrets,
      RECORDS_DIR: records,
      APPROVAL_POLICIES: join(directory, 'policies.yaml'),
      SECRET_WEBHOOK: `${shop.url}/webhook`,
    },
    realize: (example) => realize(example, { ...ids, shop: shop.url }),
    async stop() {
      await Promise.all([simulator.stop(), shop.stop(), rm(directory, { recursive: true, force: true })]);
    },
  };
}

async function write(directory: string, name: string, content: string | Buffer): Promise<void> {
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, name), content);
}

/** The shop of the examples: its products, and somebody who takes notices. */
function serveShop(): Promise<LoopbackServer> {
  return serveOnLoopback(({ url = '' }, response) => {
    const csv = url.endsWith('.csv');
    response.writeHead(200, { 'content-type': csv ? 'text/csv' : 'application/json' });
    response.end(csv ? CSV : JSON.stringify(RECORDS));
  });
}

type Ids = Readonly<Record<string, string>>;

async function makeResources(simulator: Simulator, shop: string): Promise<{ ids: Ids; shopifySourceID: string }> {
  const { authenticationID = '' } = await callAlgolia(simulator, 'POST /1/authentications', {
    type: 'basic',
    name: `basic-${randomUUID()}`,
    input: { username: 'ingestion', password: 'old-password' },
  });
  const { transformationID = '' } = await callAlgolia(simulator, 'POST /1/transformations', {
    type: 'code',
    name: `transformation-${randomUUID()}`,
    input: { code: CODE },
  });
  const { sourceID, destinationID, taskID } = await makeConnector(simulator, {
    url: `${shop}/products.json`,
    source: { authenticationID },
  });
  await callAlgolia(simulator, `PATCH /1/destinations/${destinationID}`, { transformationIDs: [transformationID] });
  const shopify = await makeConnector(simulator, {
    source: { type: 'shopify', input: { shopURL: 'https://shop.example.com' } },
  });
  await simulator.control(`POST /sources/${shopify.sourceID}/records`, { records: RECORDS });
  const ids = { authenticationID, transformationID, sourceID, destinationID, taskID, canaryTaskID: taskID };
  return { ids, shopifySourceID: shopify.sourceID };
}

interface Real {
  readonly ids: Ids;
  readonly shopifySourceID: string;
  readonly shop: string;
}

function realize(value: unknown, real: Real): unknown {
  if (typeof value === 'string') return value.replace('https://shop.example.com', real.shop);
  if (Array.isArray(value)) return value.map((item) => realize(item, real));
  if (typeof value !== 'object' || value === null) return value;
  const names = Object.entries(value);
  // Only a source of a few types can be run as a whole.
  const runs = 'runSourcePayload' in value || names.length === 1;
  const ids = runs ? { ...real.ids, sourceID: real.shopifySourceID } : real.ids;
  const made = Object.fromEntries(names.map(([name, member]) => [name, ids[name] ?? realize(member, real)]));
  // Another connector than that of another example, which would be adopted.
  return typeof made.source === 'object' ? { ...made, name: `${String(made.name)} ${randomUUID()}` } : made;
}
