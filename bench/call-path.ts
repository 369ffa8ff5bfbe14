import { ingestionClient } from '@algolia/ingestion';
import { fileURLToPath } from 'node:url';
import { Pool } from 'undici';
import { createClient } from '../src/algolia/client.ts';
import { configuredApiKeys } from '../src/secrets/api-keys.ts';
import { createScrubber } from '../src/secrets/scrubber.ts';
import { median } from './median.ts';
import { forkServer, serveToParent } from './server-process.ts';

const THIS_FILE = fileURLToPath(import.meta.url);
const CONCURRENCIES = [1, 16, 64];
const ROUNDS = 9;
const REQUESTS_PER_ROUND = 4_000;
const WARM_UP_REQUESTS = 4_000;
const API_KEY = 'a-key-that-may-write-0123456789';

/** About 1 KB, as a task with a schedule and a streaming input is. */
const TASK = JSON.stringify({
  taskID: '6c02aeb1-775e-418e-870b-1faccd4b2c0f',
  sourceID: '6c02aeb1-775e-418e-870b-1faccd4b2c10',
  destinationID: '6c02aeb1-775e-418e-870b-1faccd4b2c11',
  cron: '0 3 * * *',
  enabled: true,
  action: 'replace',
  failureThreshold: 5,
  owner: null,
  notifications: { email: { enabled: true } },
  policies: { criticalThreshold: 5 },
  input: {
    streams: Array.from({ length: 8 }, (_, index) => ({
      name: `stream-${index}`,
      properties: ['id', 'title', 'price', 'stock'],
      syncMode: 'incremental',
    })),
  },
  lastRun: '2026-11-24T03:00:00.000Z',
  nextRun: '2026-11-25T03:00:00.000Z',
  createdAt: '2026-01-01T00:00:00.000Z',
  updatedAt: '2026-11-24T03:00:00.000Z',
});

type Variant = 'bare undici' | 'ours' | 'official';

/**
 * The CPU time that one call costs the client: ours with key, input check, answer check and scrubbing, against the bare
 * minimum and against Algolia's own client. The server runs in a process of its own; rounds are interleaved, so that
 * what else the machine does falls on all of them.
 */
export async function benchCallPath(): Promise<void> {
  const server = await forkServer(THIS_FILE, ['serve']);
  try {
    const rows: Record<string, Record<string, string>> = {};
    for (const concurrency of CONCURRENCIES) {
      const { cost, p99 } = await measure(new URL(server.url), concurrency);
      const micros = (variant: Variant) => `${cost[variant].toFixed(1)} µs`;
      rows[`concurrency ${concurrency}`] = {
        'bare undici': micros('bare undici'),
        ours: micros('ours'),
        official: micros('official'),
        'ours / bare (goal ≤ 1.6)': (cost.ours / cost['bare undici']).toFixed(2),
        'ours / official (goal ≤ 0.6)': (cost.ours / cost.official).toFixed(2),
        'p99, ours / official (goal ≤ 1)': (p99.ours / p99.official).toFixed(2),
      };
    }
    process.stdout.write(
      `CPU of one getTask, a GET of ${TASK.length} bytes on loopback (median of ${ROUNDS} rounds)\n`,
    );
    console.table(rows);
  } finally {
    await server.stop();
  }
}

interface Measured {
  /** CPU µs of a call. */
  readonly cost: Readonly<Record<Variant, number>>;
  /** Of the time that a call takes, in ms: the median of the rounds' 99th percentiles. */
  readonly p99: Readonly<Record<Variant, number>>;
}

async function measure(origin: URL, concurrency: number): Promise<Measured> {
  const scrubber = createScrubber();
  const keys = configuredApiKeys({ value: API_KEY }, scrubber);
  const client = createClient({
    applicationId: 'APP1',
    hosts: { ingestion: origin, search: origin },
    reveal: () => Promise.reject(new Error('no secrets here')),
    scrub: (text) => scrubber.scrub(text),
    userAgent: 'bench/0',
  });
  const official = ingestionClient('APP1', API_KEY, 'us', {
    hosts: [{ url: origin.host, accept: 'readWrite', protocol: 'http' }],
  });
  const pool = new Pool(origin);
  const headers = { 'x-algolia-application-id': 'APP1', 'x-algolia-api-key': API_KEY, accept: 'application/json' };
  const taskID = '6c02aeb1-775e-418e-870b-1faccd4b2c0f';

  const calls: Record<Variant, Call> = {
    'bare undici': async () => {
      const { body } = await pool.request({ method: 'GET', path: `/2/tasks/${taskID}`, headers });
      return JSON.parse(await body.text()) as unknown;
    },
    ours: async (signal) => client.call('getTask', { taskID }, { apiKey: (await keys.current()).value, signal }),
    official: () => official.getTask({ taskID }),
  };
  const variants = Object.keys(calls) as Variant[];
  const forEach = <T>(make: (variant: Variant) => T) =>
    Object.fromEntries(variants.map((variant) => [variant, make(variant)])) as Record<Variant, T>;
  const samples = forEach(() => ({ cost: [] as number[], p99: [] as number[] }));
  for (const variant of variants) await run(calls[variant], concurrency, WARM_UP_REQUESTS);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const variant of variants) {
      const before = process.cpuUsage();
      const times = await run(calls[variant], concurrency, REQUESTS_PER_ROUND);
      const { user, system } = process.cpuUsage(before);
      samples[variant].cost.push((user + system) / REQUESTS_PER_ROUND);
      samples[variant].p99.push(times.sort()[Math.floor(times.length * 0.99)] ?? NaN);
    }
  }
  await Promise.all([client.close(), pool.close()]);
  return {
    cost: forEach((variant) => median(samples[variant].cost)),
    p99: forEach((variant) => median(samples[variant].p99)),
  };
}

/** With a signal, as each activity has its own. */
type Call = (signal: AbortSignal) => Promise<unknown>;

/** Returns how long each call took, in ms. */
async function run(call: Call, concurrency: number, requests: number): Promise<Float64Array> {
  const times = new Float64Array(requests);
  let next = 0;
  const one = async () => {
    const { signal } = new AbortController();
    while (next < requests) {
      const place = next++;
      const startedAt = performance.now();
      await call(signal);
      times[place] = performance.now() - startedAt;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, one));
  return times;
}

if (process.argv[1] === THIS_FILE && process.argv[2] === 'serve') {
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(TASK) };
  serveToParent((_, response) => void response.writeHead(200, headers).end(TASK));
}
