import { Client, Connection, WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { request } from 'undici';
import type { provisionConnector, ProvisionConnectorResult } from '../src/workflows/provision-connector.ts';
import { airports, movies } from './demo-connectors.ts';
import { createProgressDisplay, type ProgressDisplay } from './progress.ts';
import { API_KEY, APPLICATION_ID, startServices, STATE_DIR, TASK_QUEUE, type Services } from './services.ts';

const POLL_MS = 250;

const { values: flags } = parseArgs({
  options: { yes: { type: 'boolean', default: false }, once: { type: 'boolean', default: false } },
});

async function main({ temporal, data, simulator }: Services): Promise<number> {
  process.stdout.write(`Web UI ${temporal.uiUrl}   worker log ${join(STATE_DIR, 'worker.log')}\n\n`);
  const connection = await Connection.connect({ address: temporal.address });
  const client = new Client({ connection, namespace: temporal.namespace });
  const display = createProgressDisplay(process.stdout);
  const startedAt = Date.now();
  const runs = [movies(data.url), airports(data.url)].map(async (input) => {
    const workflowId = `demo/${input.name.replaceAll(' ', '-')}/${startedAt}`;
    const handle = await client.workflow.start<typeof provisionConnector>('provisionConnector', {
      taskQueue: TASK_QUEUE,
      workflowId,
      args: [{ ...input, firstSync: { enabled: true } }],
      staticSummary: input.reason,
    });
    const indexName = input.destination.input.indexName;
    const records = async () =>
      (await simulator.control<{ count: number }>(`GET /indices/${indexName}`).catch(() => ({ count: 0 }))).count;
    return follow(client, handle, { name: input.name, simulatorUrl: simulator.url, records, display });
  });
  const outcomes = await Promise.all(runs);
  display.stop();
  process.stdout.write(summaryTable(outcomes, temporal.uiUrl ?? '', temporal.namespace));
  await connection.close();
  return outcomes.every(({ verdict }) => verdict === 'success') ? 0 : 1;
}

interface Followed {
  readonly name: string;
  readonly records: () => Promise<number>;
  readonly simulatorUrl: string;
  readonly display: ProgressDisplay;
}

interface Outcome {
  readonly name: string;
  readonly workflowId: string;
  readonly records: number;
  readonly verdict: string;
  readonly durationMs: number;
}

/** Shows a workflow's progress until it ends. */
async function follow(
  client: Client,
  handle: WorkflowHandle<typeof provisionConnector>,
  followed: Followed,
): Promise<Outcome> {
  const { name, records, display, simulatorUrl } = followed;
  const progress = () => syncProgress(client, `${handle.workflowId}/sync`, simulatorUrl);
  const startedAt = Date.now();
  let over = false;
  const result = handle.result().finally(() => (over = true));
  result.catch(() => undefined);
  while (!over) {
    const { step = 'starting' } = await handle
      .query<{ step?: string }>('status')
      .catch(() => ({}) as { step?: string });
    display.update(name, {
      ...(await progress()),
      step: step.split(':')[0] ?? '',
      records: await records(),
    });
    await sleep(POLL_MS);
  }
  const verdict = await result.then(verdictOf, failureOf);
  const count = await records();
  display.update(name, { ...(await progress()), step: verdict, records: count });
  return { name, workflowId: handle.workflowId, records: count, verdict, durationMs: Date.now() - startedAt };
}

const verdictOf = ({ sync }: ProvisionConnectorResult) => sync?.verdict ?? 'created';
const failureOf = (error: unknown) =>
  error instanceof WorkflowFailedError ? (error.cause?.message ?? error.message) : String(error);

/** How far the sync's run is, as Algolia says: the worker's own heartbeat is some seconds old. */
async function syncProgress(
  client: Client,
  workflowId: string,
  simulatorUrl: string,
): Promise<{ received: number; expected: number }> {
  try {
    const { runID } = await client.workflow.getHandle(workflowId).query<{ runID?: string }>('status');
    const headers = { 'x-algolia-application-id': APPLICATION_ID, 'x-algolia-api-key': API_KEY };
    const { body } = await request(`${simulatorUrl}/1/runs/${runID}`, { headers });
    const { progress } = (await body.json()) as {
      progress?: { receivedNbOfEvents: number; expectedNbOfEvents: number };
    };
    return { received: progress?.receivedNbOfEvents ?? 0, expected: progress?.expectedNbOfEvents ?? 0 };
  } catch {
    return { received: 0, expected: 0 };
  }
}

function summaryTable(outcomes: readonly Outcome[], uiUrl: string, namespace: string): string {
  const rows = [
    ['connector', 'records', 'verdict', 'duration', 'Web UI'],
    ...outcomes.map(({ name, records, verdict, durationMs, workflowId }) => [
      name,
      String(records),
      verdict,
      `${(durationMs / 1000).toFixed(1)} s`,
      `${uiUrl}/namespaces/${namespace}/workflows/${encodeURIComponent(workflowId)}`,
    ]),
  ];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return `\n${rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')}\n`;
}

async function shutDown(services: Services, exitCode: number): Promise<never> {
  await services.stop();
  process.exit(exitCode);
}

process.stdout.write('Starting Temporal, the simulator and the worker …\n');
const services = await startServices({ workerLog: { file: join(STATE_DIR, 'worker.log') }, keepState: true });
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void shutDown(services, 130));
const exitCode = await main(services);
if (flags.once) await shutDown(services, exitCode);
process.stdout.write('\nEverything keeps running for you to look at. Ctrl-C stops it.\n');
