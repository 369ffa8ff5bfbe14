import { Client, Connection } from '@temporalio/client';
import { once } from 'node:events';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { WorkflowInput } from '../src/activities/check-input.ts';
import { table } from '../src/cli/output.ts';
import { rotateApiKeyId } from '../src/workflows/rotate-api-key.ts';
import { answerApprovals } from './demo/answer-approvals.ts';
import { begin } from './demo/begin.ts';
import { airports, movies } from './demo/connectors.ts';
import { follow, type Outcome } from './demo/follow.ts';
import { createProgressDisplay } from './demo/progress-display.ts';
import { seedStartForms } from './demo/seed-start-forms.ts';
import {
  APPLICATION_ID,
  cliFor,
  startServices,
  STATE_DIR,
  STOP_SIGNALS,
  TASK_QUEUE,
  type Services,
} from './services.ts';

const flags = readFlags();
const display = createProgressDisplay(process.stdout);

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
  const webUi = `${temporal.uiUrl}/namespaces/${temporal.namespace}`;
  process.stdout.write(`Web UI ${temporal.uiUrl}   worker log ${join(STATE_DIR, 'worker.log')}\n\n`);
  const connection = await Connection.connect({ address: temporal.address });
  const client = new Client({ connection, namespace: temporal.namespace });

  const films = movies(data.url);
  const pipeline = await begin<WorkflowInput<'connectorPipeline'>>({
    client,
    type: 'connectorPipeline',
    name: films.name,
    input: { ...films, thenRotate: rotation(Date.now()) },
    summary: films.reason,
    say: display.say,
  });
  const fields = airports(data.url);
  const provisioning = await begin<WorkflowInput<'provisionConnector'>>({
    client,
    type: 'provisionConnector',
    name: fields.name,
    input: fields,
    summary: fields.reason,
    say: display.say,
  });
  const finished = new AbortController();
  const answering = answerApprovals({
    client,
    workflowIds: [pipeline.workflowId, rotateApiKeyId(APPLICATION_ID)],
    webUi,
    cli: cliFor(temporal.address),
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

function whatToTry({ address, uiUrl, namespace }: Services['temporal']): string {
  const base = `${uiUrl}/namespaces/${namespace}`;
  const workflows = `${base}/workflows`;
  return [
    '',
    'Everything keeps running for you to look at:',
    `  start a sync        ${workflows}/start-workflow?taskQueue=${TASK_QUEUE}&workflowType=syncTask`,
    `  all syncs           ${workflows}?query=${encodeURIComponent("WorkflowType='syncTask'")}`,
    `  one operation       ${base}/activities/start?taskQueue=${TASK_QUEUE}&activityType=listTasks&startToCloseTimeout=30s`,
    `  the command line    ${cliFor(address)} --help`,
    '  what else there is  docs/workflows.md',
    '',
    'Ctrl-C stops it.',
    '',
  ].join('\n');
}

/** Nothing would ever finish without it. */
async function serviceEnded({ worker, temporal }: Services): Promise<number> {
  const what = await Promise.race([
    once(worker, 'exit').then(() => `The worker has ended; its log says why: ${join(STATE_DIR, 'worker.log')}`),
    temporal.exited.then(() => 'The Temporal server has ended. Start the demo again: it goes on where it stopped.'),
  ]);
  if (stopping) return stopping;
  display.stop();
  process.stderr.write(`\n${what}\n`);
  return shutDown(services, 1);
}

let stopping: Promise<never> | undefined;

function shutDown(services: Services, exitCode: number): Promise<never> {
  stopping ??= (async () => {
    // It hides the cursor, and draws over what comes after it.
    display.stop();
    await services.stop();
    process.exit(exitCode);
  })();
  return stopping;
}

/** What is stopped takes along what waits for it. */
const unlessStopping = (error: unknown): Promise<never> => stopping ?? Promise.reject(error);

process.stdout.write('Starting Temporal, the simulator and the worker …\n');
const services = await startServices({ workerLog: { file: join(STATE_DIR, 'worker.log') }, keepState: true });
for (const signal of STOP_SIGNALS) process.once(signal, () => void shutDown(services, 130));
const exitCode = await Promise.race([main(services).catch(unlessStopping), serviceEnded(services)]);
if (flags.once) await shutDown(services, exitCode);
process.stdout.write(whatToTry(services.temporal));
