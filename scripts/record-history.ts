import { Client, Connection } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { NativeConnection } from '@temporalio/worker';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startSimulator } from '../simulator/index.ts';
import { loadConfig } from '../src/config.ts';
import { createWorker } from '../src/create-worker.ts';
import { createScrubber } from '../src/secrets/scrubber.ts';
import { serveRecords } from '../test/setup/connector.ts';
import { withTimeSkipping } from '../test/setup/time-skipping.ts';
import { installQuietRuntime } from './install-quiet-runtime.ts';
import { replayApprovalCases } from './replay/replay-approval-cases.ts';
import { replayCases } from './replay/replay-cases.ts';
import { startTemporalServer } from './temporal-server.ts';
import { writePolicies } from './write-policies.ts';

const CASES = { ...replayCases, ...replayApprovalCases };
const DIRECTORY = fileURLToPath(new URL('../test/replay/', import.meta.url));
/** In place of process id and host name. */
const IDENTITY = 'recorder';
const TASK_QUEUE = 'recorded';

/**
 * Runs workflows and keeps their histories under `test/replay/`, where a test replays them: `npm run record -- syncTask-success`,
 * or all of them without a name. Record a case anew only when its workflow may no longer replay what runs in production.
 */
async function main(names: readonly string[]): Promise<void> {
  const unknown = names.filter((name) => !(name in CASES));
  if (unknown.length > 0)
    throw new Error(`No such case: ${unknown.join(', ')}. There are: ${Object.keys(CASES).join(', ')}`);
  installQuietRuntime();
  await mkdir(DIRECTORY, { recursive: true });
  for (const name of names.length > 0 ? names : Object.keys(CASES)) {
    // One's own for each: a key ring outlives the rotation that made it.
    const temporal = await startTemporalServer({ ui: false, timeSkipping: true });
    await record(name, temporal).finally(() => temporal.stop());
  }
}

async function record(name: string, { address, namespace }: { address: string; namespace: string }): Promise<void> {
  const simulator = await startSimulator({ runSpeed: 20 });
  const records = await serveRecords();
  const directory = await mkdtemp(join(tmpdir(), 'recorded-'));
  const config = loadConfig({
    TEMPORAL_ADDRESS: address,
    TASK_QUEUE,
    ALGOLIA_APPLICATION_ID: simulator.applicationId,
    ALGOLIA_API_KEY: simulator.apiKey,
    ALGOLIA_INGESTION_URL: simulator.url,
    ALGOLIA_SEARCH_URL: simulator.url,
    SHUTDOWN_GRACE: '1s',
    SECRET_SHOP: 'recorded-password',
    SECRET_OPS: records.url,
    APPROVAL_POLICIES: await writePolicies(directory),
    SECRET_NEXT_KEY: 'recorded-next-key',
    RECORDS_HOSTS: '127.0.0.1',
  });
  const [native, connection] = await Promise.all([
    NativeConnection.connect({ address }),
    Connection.connect({ address }),
  ]);
  const worker = await createWorker(config, native, createScrubber(), { identity: IDENTITY });
  const running = worker.run();
  const client = new Client({ connection, namespace, identity: IDENTITY });
  try {
    const handle = await CASES[name]?.({
      simulator,
      records,
      client,
      start: (workflowType, input, { skipTime = false, workflowId = name } = {}) =>
        (skipTime ? withTimeSkipping(client) : client).workflow.start(workflowType, {
          taskQueue: TASK_QUEUE,
          workflowId,
          args: [input],
        }),
    });
    if (!handle) throw new Error(`${name} started no workflow`);
    await handle.result().catch(() => undefined);
    const history = await handle.fetchHistory();
    await writeFile(`${DIRECTORY}${name}.json`, `${withoutStacks(historyToJSON(history))}\n`);
    process.stdout.write(`${name}: ${history.events?.length} events\n`);
  } finally {
    worker.shutdown();
    await running;
    await Promise.all([
      native.close(),
      connection.close(),
      simulator.stop(),
      records.stop(),
      rm(directory, { recursive: true }),
    ]);
  }
}

/** Stack traces name this machine's directories, and replay does not look at them. */
const withoutStacks = (json: string): string =>
  JSON.stringify(
    JSON.parse(json, (key, value: unknown) => (key === 'stackTrace' ? '' : value)),
    null,
    1,
  );

await main(process.argv.slice(2));
