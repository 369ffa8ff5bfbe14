import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { randomInt } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startSimulator, type Simulator } from '../simulator/index.ts';
import { alertBookId } from '../src/activities/alert-book-reports.ts';
import { keyRingId } from '../src/secrets/key-ring-state.ts';
import { setup as compile } from '../test/setup/compile.ts';
import { serveRecords } from '../test/setup/connector.ts';
import { spawnWorker } from '../test/setup/spawn-worker.ts';
import { askedApproval } from './asked-approval.ts';
import { doneTwice, planOutages, type OutagePlan, type Planned } from './outages/plan-outages.ts';
import { startPostgresTemporal, type Part } from './outages/postgres-temporal.ts';
import { until } from './until.ts';
import { writePolicies } from './write-policies.ts';

const TASK_QUEUE = 'algolia-ingestion';
const OUTAGES: readonly (readonly Part[])[] = [['server', 'database'], ['database'], ['server']];
const [schemas, rounds = '3'] = process.argv.slice(2);

/**
 * `npm run outages -- <source of temporal> [rounds]`: kills the server and its database, at once and each alone, while a workflow of
 * every type is under way, starts them again, and says whether each came to what it should, and whether anything was done twice.
 */
async function main(): Promise<boolean> {
  if (!schemas) throw new Error('usage: npm run outages -- <source directory of the temporal server> [rounds]');
  const began = Date.now();
  const say = (text: string) => console.log(`${((Date.now() - began) / 1_000).toFixed(0).padStart(4)} s  ${text}`);
  // The worker that is spawned is the compiled one.
  await compile();
  const directory = await mkdtemp(join(tmpdir(), 'outages-'));
  await mkdir(join(directory, 'records'));
  const temporal = await startPostgresTemporal({ schemas });
  say(`Temporal on PostgreSQL at ${temporal.address}`);
  const simulator = await startSimulator({ runSpeed: 5 });
  const served = await serveRecords();
  const connection = await Connection.connect({ address: temporal.address });
  const client = new Client({ connection });
  await writeFile(join(directory, 'next-key'), 'the-next-key');
  await simulator.control('POST /keys', { key: 'the-next-key' });
  const worker = spawnWorker({
    TEMPORAL_ADDRESS: temporal.address,
    TASK_QUEUE,
    ALGOLIA_APPLICATION_ID: simulator.applicationId,
    ALGOLIA_API_KEY: simulator.apiKey,
    ALGOLIA_INGESTION_URL: simulator.url,
    ALGOLIA_SEARCH_URL: simulator.url,
    SECRETS_DIR: directory,
    SECRET_SHOP: 'a-password',
    // Not the records' address: what is a secret's value is masked wherever it stands.
    SECRET_OPS: new URL('/ops', served.url).href,
    APPROVAL_POLICIES: await writePolicies(directory),
    RECORDS_HOSTS: '127.0.0.1',
    RECORDS_DIR: join(directory, 'records'),
    SHUTDOWN_GRACE: '5s',
    LOG_LEVEL: 'error',
  });
  try {
    const started = await startAll(client, await planOutages(simulator, served.url));
    say(`${started.length} workflows started`);
    await until(async () => (await client.workflow.getHandle('outage-callOperation').describe()).historyLength > 10);
    const events = await Promise.all(started.map(async ({ handle }) => (await handle.describe()).historyLength));
    for (let round = 1; round <= Number(rounds); round += 1) {
      const parts = OUTAGES[(round - 1) % OUTAGES.length]!;
      await temporal.kill(parts);
      say(`outage ${round}: ${parts.join(' and ')} killed`);
      await sleep(3_000);
      await temporal.start();
      say(`outage ${round}: all is back`);
      await approveAll(started);
      // Killed next at whatever they have come to by then.
      await sleep(randomInt(200, 4_000));
    }
    const rows = await Promise.all(started.map((one) => outcomeOf(one)));
    console.table(rows.map((row, place) => ({ ...row, 'events when killed': events[place] })));
    return rows.every(({ ok }) => ok) && (await isAllElseWell({ client, simulator, started, say }));
  } finally {
    await worker.end('SIGTERM');
    if (worker.stderr()) console.log(worker.stderr().slice(-2_000));
    await Promise.all([temporal.stop(), simulator.stop(), served.stop(), rm(directory, { recursive: true })]);
    // Last: whoever still waits for a result can't bear it.
    await connection.close();
  }
}

interface Started {
  readonly handle: WorkflowHandle;
  readonly asks: boolean;
  readonly expected: RegExp;
}

const startAll = (client: Client, plan: OutagePlan): Promise<Started[]> =>
  Promise.all(
    Object.entries<Planned>(plan).map(async ([type, { input, expected, asks = false, id = `outage-${type}` }]) => ({
      handle: await client.workflow.start(type, { workflowId: id, taskQueue: TASK_QUEUE, args: [input] }),
      expected,
      asks,
    })),
  );

interface Ended {
  readonly client: Client;
  readonly simulator: Simulator;
  readonly started: readonly Started[];
  readonly say: (text: string) => void;
}

/** What no single result tells: what goes on for ever still does, nothing was done twice, and what was approved is found. */
async function isAllElseWell({ client, simulator, started, say }: Ended): Promise<boolean> {
  const endless = [alertBookId, keyRingId].map((idOf) => client.workflow.getHandle(idOf(simulator.applicationId)));
  const states = await Promise.all(endless.map(async (handle) => (await handle.describe()).status.name));
  say(endless.map(({ workflowId }, place) => `${workflowId} ${states[place]}`).join(', '));
  const twice = doneTwice(simulator);
  say(`done twice: ${twice.join(', ') || 'nothing'}`);
  const asked = started.filter(({ asks }) => asks).length;
  const query = "ApprovalState = 'approved' AND AlgoliaAppId IS NOT NULL";
  await until(async () => (await client.workflow.count(query)).count === asked);
  say(`all ${asked} that were approved are found by ApprovalState and AlgoliaAppId`);
  return twice.length === 0 && states.every((state) => state === 'RUNNING');
}

/** Answers whoever asks by now and hasn't been answered. */
async function approveAll(started: readonly Started[]): Promise<void> {
  for (const { handle, asks } of started) {
    if (!asks) continue;
    const asked = await askedApproval(handle);
    if (asked) await handle.signal('approve', { approver: 'bob', planHash: asked.planHash });
  }
}

async function outcomeOf({ handle, expected, asks }: Started) {
  const deadline = Date.now() + 240_000;
  const patience = setInterval(() => void approveAll([{ handle, expected, asks }]).catch(() => undefined), 2_000);
  const result = await Promise.race([
    handle.result().then(
      (value: unknown) => JSON.stringify(value),
      (error: Error & { cause?: Error }) => `failed: ${error.cause?.message ?? error.message}`,
    ),
    sleep(deadline - Date.now(), 'still under way', { ref: false }),
  ]);
  clearInterval(patience);
  const { historyLength } = await handle.describe();
  return {
    workflow: handle.workflowId,
    ok: expected.test(result) && !/^(failed|still)/.test(result),
    events: historyLength,
    result: result.slice(0, 90),
  };
}

process.exit((await main()) ? 0 : 1);
