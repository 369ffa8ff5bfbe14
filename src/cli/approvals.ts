import type { Client } from '@temporalio/client';
import type { Command } from 'commander';
import { cliCommand } from '../config.ts';
import type { ApprovalStatus } from '../workflows/steps/approval-details.ts';
import { addExamples } from './examples.ts';
import { print, printJson, table } from './output.ts';
import { queryWithin } from './query.ts';
import { withTemporal } from './temporal.ts';

const WAITING = `ApprovalState = 'waiting' AND ExecutionStatus = 'Running'`;

/** A workflow without a worker takes seconds not to answer. */
const ASKED_AT_ONCE = 20;

/** A workflow that waits for people; `approval` is absent when no worker is there to say what it asks. */
export interface WaitingWorkflow {
  readonly workflowId: string;
  readonly type: string;
  readonly startTime: string;
  readonly approval?: ApprovalStatus;
}

export function addApprovalsCommand(program: Command): void {
  const command = program
    .command('approvals')
    .description('Lists the workflows that wait for an approval: what is asked, by whom, until when.')
    .option('--json', 'print an array of {workflowId, type, startTime, approval?}')
    .action(async ({ json }: { json?: true }) => {
      const waiting = await withTemporal(({ client }) => listWaiting(client));
      if (json) return printJson(waiting);
      if (waiting.length === 0) return print('Nothing waits for approval.');
      print(table(['WORKFLOW', 'ASKED', 'BY', 'APPROVED', 'UNTIL'], waiting.map(rowOf)));
      print(`\n${cliCommand()} status <workflow> shows the plan; approve or reject <workflow> --as <name> answers.`);
    });
  addExamples(command, ['algolia-ingestion approvals', 'algolia-ingestion approvals --json']);
}

async function listWaiting(client: Client): Promise<WaitingWorkflow[]> {
  const listed: WaitingWorkflow[] = [];
  for await (const { workflowId, type, startTime } of client.workflow.list({ query: WAITING }))
    listed.push({ workflowId, type, startTime: startTime.toISOString() });
  const waiting: WaitingWorkflow[] = [];
  while (listed.length > 0) {
    const asked = await Promise.all(
      listed.splice(0, ASKED_AT_ONCE).map(async (workflow) => {
        const handle = client.workflow.getHandle(workflow.workflowId);
        const approval = await queryWithin<ApprovalStatus>(client, handle, 'approval');
        return { ...workflow, ...(approval ? { approval } : {}) };
      }),
    );
    // The list lags behind by a moment.
    waiting.push(...asked.filter(({ approval }) => approval === undefined || approval.state === 'waiting'));
  }
  return waiting;
}

function rowOf({ workflowId, type, approval }: WaitingWorkflow): string[] {
  if (!approval) return [workflowId, `${type} (no worker answers)`, '', '', ''];
  const { title = type, requesters = [], by, policy, deadline = '' } = approval;
  return [workflowId, title, requesters.join(', ') || 'unknown', `${by.length} of ${policy?.quorum ?? '?'}`, deadline];
}
