import { Client, Connection } from '@temporalio/client';
import { once } from 'node:events';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { table } from '../src/cli/output.ts';
import type { connectorPipeline } from '../src/workflows/connector-pipeline.ts';
import type { provisionConnector } from '../src/workflows/provision-connector.ts';
import { rotateApiKeyId } from '../src/workflows/rotate-api-key.ts';
import { answerApprovals } from './demo/answer-approvals.ts';
import { airports, movies } from './demo/connectors.ts';
import { follow, type Outcome } from './demo/follow.ts';
import { createProgressDisplay } from './demo/progress-display.ts';
import { seedStartForms } from './demo/seed-start-forms.ts';
import { APPLICATION_ID, startServices, STATE_DIR, TASK_QUEUE, type Services } from './services.ts';

const flags = readFlags();
let stopping = false;

function readFlags() {
  try {
    return parseArgs({
      options: { yes: { type: 'boolean', default: false }, once: { type: 'boolean', default: false } },
    }).values;
  } catch (error) {
    process.stderr.write(
      `${(error as Error).message}\nnpm run demo -- [--yes] approves by itself, [--once] exits at the end\n`,
    );
    process.exit(2);
  }
}

/** Provisions and syncs both connectors; for the films a person approves, and the API key is rotated in between. */
async function main({ temporal, data, simulator }: Services): Promise<number> {
  const startedAt = Date.now();
  const webUi = `${temporal.uiUrl}/namespaces/${temporal.namespace}`;
  process.stdout.write(`Web UI ${temporal.uiUrl}   worker log ${join(STATE_DIR, 'worker.log')}\n\n`);
  const connection = await Connection.connect({ address: temporal.address });
  const client = new Client({ connection, namespace: temporal.namespace });
  const display = createProgressDisplay(process.stdout);

  const idOf = (name: string) => `demo/${name.replaceAll(' ', '-')}/${startedAt}`;
  const films = movies(data.url);
  const pipeline = await client.workflow.start<typeof connectorPipeline>('connectorPipeline', {
    taskQueue: TASK_QUEUE,
    workflowId: idOf(films.name),
    args: [{ ...films, thenRotate: rotation(startedAt) }],
    staticSummary: films.reason,
  });
  const fields = airports(data.url);
  const provisioning = await client.workflow.start<typeof provisionConnector>('provisionConnector', {
    taskQueue: TASK_QUEUE,
    workflowId: idOf(fields.name),
    args: [fields],
    staticSummary: fields.reason,
  });
  const finished = new AbortController();
  const answering = answerApprovals({
    client,
    workflowIds: [pipeline.workflowId, rotateApiKeyId(APPLICATION_ID)],
    webUi,
    say: display.say,
    ...(flags.yes ? { approver: 'demo --yes' } : {}),
    signal: finished.signal,
  });
  const outcomes = await Promise.all([
    follow(pipeline, { name: films.name, indexName: 'movies', client, simulator, display }),
    follow(provisioning, { name: fields.name, indexName: 'airports', client, simulator, display }),
  ]);
  finished.abort();
  await answering;
  display.stop();
  process.stdout.write(summaryTable(outcomes, webUi));
  await seedStartForms({
    client,
    webUi,
    dataUrl: data.url,
    taskID: outcomes[1]?.ids?.taskID,
    transformationID: outcomes[0]?.ids?.transformationID,
  });
  await connection.close();
  return outcomes.every(({ verdict }) => verdict === 'success') ? 0 : 1;
}

/** A demo can't wait a day for its old key to fall out of use, which is what `emergency` is for. */
const rotation = (startedAt: number) => ({
  toSecret: `file:api-key-${startedAt}`,
  mint: 'algolia' as const,
  revoke: 'delete' as const,
  adminSecret: 'env:SECRET_ALGOLIA_ADMIN_KEY',
  emergency: true,
  overlap: '2s',
  soak: '2s',
  reason: 'the demo: a new API key for every worker',
});

function summaryTable(outcomes: readonly Outcome[], webUi: string): string {
  const rows = outcomes.map(({ name, records, verdict, durationMs, workflowId }) => [
    name,
    String(records),
    verdict,
    `${(durationMs / 1000).toFixed(1)} s`,
    `${webUi}/workflows/${encodeURIComponent(workflowId)}`,
  ]);
  return `\n${table(['connector', 'records', 'verdict', 'duration', 'Web UI'], rows)}\n`;
}

function whatToTry({ uiUrl, namespace }: Services['temporal']): string {
  const base = `${uiUrl}/namespaces/${namespace}`;
  const workflows = `${base}/workflows`;
  return [
    '',
    'Everything keeps running for you to look at:',
    `  start a sync        ${workflows}/start-workflow?taskQueue=${TASK_QUEUE}&workflowType=syncTask`,
    `  all syncs           ${workflows}?query=${encodeURIComponent("WorkflowType='syncTask'")}`,
    `  one operation       ${base}/activities/start?taskQueue=${TASK_QUEUE}&activityType=listTasks&startToCloseTimeout=30s`,
    '  what else there is  docs/workflows.md',
    '',
    'Ctrl-C stops it.',
    '',
  ].join('\n');
}

/** Nothing would ever finish without it. */
async function workerEnded({ worker }: Services): Promise<number> {
  await once(worker, 'exit');
  if (stopping) return 0;
  process.stderr.write(`\nThe worker has ended; its log says why: ${join(STATE_DIR, 'worker.log')}\n`);
  return shutDown(services, 1);
}

async function shutDown(services: Services, exitCode: number): Promise<never> {
  stopping = true;
  await services.stop();
  process.exit(exitCode);
}

process.stdout.write('Starting Temporal, the simulator and the worker …\n');
const services = await startServices({ workerLog: { file: join(STATE_DIR, 'worker.log') }, keepState: true });
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void shutDown(services, 130));
const exitCode = await Promise.race([main(services), workerEnded(services)]);
if (flags.once) await shutDown(services, exitCode);
process.stdout.write(whatToTry(services.temporal));
