import type { WorkflowHandle } from '@temporalio/client';
import type { Command } from 'commander';
import { SEARCH_ATTRIBUTES } from '../search-attributes.ts';
import { addExamples } from './examples.ts';
import { describeFailure, failureOf, type Failure } from './failure.ts';
import { print, printJson, table } from './output.ts';
import { queryWithin } from './query.ts';
import { readTaskFailure } from './task-failure.ts';
import { withTemporal, type Session } from './temporal.ts';

/** What is known of a workflow. */
export interface WorkflowReport {
  readonly workflowId: string;
  readonly runId: string;
  readonly type: string;
  readonly status: string;
  readonly startTime: string;
  readonly closeTime?: string;
  readonly searchAttributes: Readonly<Record<string, unknown>>;
  readonly memo: unknown;
  /** What it says of itself; absent when no worker is there to answer. */
  readonly state?: unknown;
  /** Its Current Details, in Markdown. */
  readonly details?: string;
  /** Why a worker could not take it further, where that is the last that happened. */
  readonly standsStill?: string;
  readonly result?: unknown;
  readonly failure?: Failure;
}

export function addStatusCommand(program: Command): void {
  const command = program
    .command('status')
    .description('Shows what a workflow is doing, as its Current Details in the Web UI do, or what it came to.')
    .argument('<workflow-id>')
    .option(
      '--json',
      'print {workflowId, runId, type, status, startTime, closeTime?, searchAttributes, memo, state?, details?, standsStill?, result?, failure?}',
    )
    .action(async (workflowId: string, { json }: { json?: true }) => {
      const report = await withTemporal((session) => readWorkflow(session, workflowId));
      if (json) printJson(report);
      else printReport(report);
    });
  addExamples(command, [
    'algolia-ingestion status algolia-rotate/MYAPP',
    'algolia-ingestion status sync-products --json',
  ]);
}

async function readWorkflow({ client }: Session, workflowId: string): Promise<WorkflowReport> {
  const handle = client.workflow.getHandle(workflowId);
  const { runId, type, status, startTime, closeTime, typedSearchAttributes, memo } = await handle.describe();
  const [state, metadata, standsStill, outcome] = await Promise.all([
    queryWithin(client, handle, 'status'),
    queryWithin<{ currentDetails?: string }>(client, handle, '__temporal_workflow_metadata'),
    status.name === 'RUNNING' ? readTaskFailure(client, { workflowId, runId }) : undefined,
    status.name === 'RUNNING' ? {} : readOutcome(handle),
  ]);
  return {
    workflowId,
    runId,
    type,
    status: status.name,
    startTime: startTime.toISOString(),
    ...(closeTime ? { closeTime: closeTime.toISOString() } : {}),
    searchAttributes: Object.fromEntries(typedSearchAttributes.getAll().map(({ key, value }) => [key.name, value])),
    memo: memo ?? {},
    ...(state === undefined ? {} : { state }),
    ...(metadata?.currentDetails ? { details: metadata.currentDetails } : {}),
    ...(standsStill === undefined ? {} : { standsStill }),
    ...outcome,
  };
}

async function readOutcome(handle: WorkflowHandle): Promise<Pick<WorkflowReport, 'result' | 'failure'>> {
  try {
    return { result: await handle.result() };
  } catch (error) {
    const failure = failureOf(error);
    if (!failure) throw error;
    return { failure };
  }
}

function printReport({
  workflowId,
  type,
  status,
  startTime,
  closeTime,
  searchAttributes,
  ...rest
}: WorkflowReport): void {
  const rows = [
    ['type', type],
    ['status', status],
    ['started', startTime],
    ...(closeTime ? [['closed', closeTime]] : []),
    // Temporal has its own, which are about the worker.
    ...Object.entries(searchAttributes).flatMap(([name, value]) =>
      (SEARCH_ATTRIBUTES as readonly string[]).includes(name) ? [[name, String(value)]] : [],
    ),
  ];
  print(table(['workflow', workflowId], rows));
  if (rest.details) print(`\n${rest.details}`);
  else if (rest.standsStill === undefined && rest.state === undefined)
    print('\nNo worker answers for it at the moment, so this is all there is to say.');
  if (rest.standsStill !== undefined)
    print(`\nIt stands still, as a worker can't take it further: ${rest.standsStill}`);
  if (rest.failure) print(`\n${describeFailure(rest.failure)}`);
  if (rest.result !== undefined) printJson(rest.result);
}
