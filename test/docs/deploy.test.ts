import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { expect, test } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { SEARCH_ATTRIBUTES } from '../../src/search-attributes.ts';

const page = await readFile('docs/deploy.md', 'utf8');
const known = [...(await readFile('.env.example', 'utf8')).matchAll(/^(?:# )?([A-Z_]+)=/gm)].map(([, name]) => name);
const LEAST = { ALGOLIA_APPLICATION_ID: 'APP', ALGOLIA_API_KEY: 'key', ALGOLIA_REGION: 'us' };

/** The variables of a block of exports. */
function exported(block: string): Record<string, string> {
  return Object.fromEntries([...block.matchAll(/^export (\w+)=(\S+)/gm)].map(([, name, value]) => [name, value]));
}

const blocks = [...page.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block = '']) => block);
const clouds = blocks.map(exported).filter(({ TEMPORAL_NAMESPACE: namespace }) => namespace !== undefined);

test('an API key of Temporal Cloud switches TLS on', () => {
  const [withKey] = clouds;
  const { temporal } = loadConfig({ ...LEAST, ...withKey, TEMPORAL_API_KEY: 'a-cloud-key' });
  expect(temporal).toMatchObject({ namespace: 'ingestion.a1b2c', connectionOptions: { apiKey: 'a-cloud-key' } });
  expect(temporal.connectionOptions.address).toBe(withKey?.TEMPORAL_ADDRESS);
  expect(temporal.connectionOptions.tls).toBeTruthy();
});

test('a client certificate is read from its files', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'cloud-'));
  const [, withCertificate = {}] = clouds;
  const files = Object.keys(withCertificate).filter((name) => name.endsWith('_PATH'));
  const here = Object.fromEntries(files.map((name) => [name, join(directory, name)]));
  for (const path of Object.values(here)) await writeFile(path, 'pem');
  const { temporal } = loadConfig({ ...LEAST, ...withCertificate, ...here });
  expect(temporal.connectionOptions).toMatchObject({
    tls: { clientCertPair: { crt: new Uint8Array(Buffer.from('pem')) } },
  });
  await rm(directory, { recursive: true });
});

test('the page names variables, services and search attributes that there are', async () => {
  const variables = [
    ...page.matchAll(/`(?:export )?((?:ALGOLIA|TEMPORAL|TARGET|MAX|HEALTH|METRICS|SECRETS|SHUTDOWN)_\w+)/g),
  ];
  expect(variables.map(([, name]) => name).filter((name) => !known.includes(name))).toEqual([]);
  const { services } = parse(await readFile('docker-compose.yml', 'utf8'), { merge: true }) as {
    services: Record<string, { profiles?: string[] }>;
  };
  const row = page.split('\n').find((line) => line.startsWith('| (none) |')) ?? '';
  const always = Object.entries(services).flatMap(([name, { profiles }]) => (profiles ? [] : [name]));
  expect(always.filter((name) => !row.includes(`\`${name}\``))).toEqual([]);
  expect(SEARCH_ATTRIBUTES.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
});
