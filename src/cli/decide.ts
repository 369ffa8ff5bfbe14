import { setTimeout as delay } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import type { Command } from 'commander';
import { cliCommand } from '../config.ts';
import type { ApprovalStatus } from '../workflows/steps/approval-details.ts';
import { isNamed, type Decision } from '../workflows/steps/approval-decision.ts';
import { addExamples } from './examples.ts';
import { CliError, EXIT } from './exit.ts';
import { nameOption } from './name-option.ts';
import { print, remark } from './output.ts';
import { NO_SUCH_QUERY, queryWithin, tryQuery } from './query.ts';
import { readTaskFailure } from './task-failure.ts';
import { whoAmI, withTemporal, type Session } from './temporal.ts';

/** A signal has no answer, so the approval is asked until it shows one. */
const ANSWER_WITHIN_MS = 15_000;
const ASK_EVERY_MS = 250;

interface DecideOptions {
  readonly as?: string;
  readonly comment?: string;
  readonly planHash?: string;
  readonly token?: string;
}

export function addDecideCommand(program: Command, decision: 'approve' | 'reject'): void {
  const command = program
    .command(decision)
    .description(
      `Sends the signal ${decision} to a workflow that waits for approval, and says what became of it.\nTemporal records the name as the sender's identity. Exit code 4: it was refused; why is on record in the workflow.`,
    )
    .argument('<workflow-id>')
    .option('--as <name>', 'who you are, as the approval policy names you (default: user@host)', nameOption)
    .option('--comment <text>', 'kept beside your decision')
    .option('--plan-hash <hash>', 'of the plan you have seen; another plan is then not approved')
    .option('--token <token>', 'your one-time token, where the policy asks for it')
    .action(async (workflowId: string, options: DecideOptions) => {
      const approver = options.as ?? whoAmI();
      await withTemporal((session) => decide(session, workflowId, decision, { ...options, approver }), {
        identity: approver,
      });
    });
  addExamples(command, [
    `algolia-ingestion ${decision} algolia-rotate/MYAPP --as bob@example.com --comment "window agreed"`,
  ]);
}

async function decide(
  { client }: Session,
  workflowId: string,
  signal: 'approve' | 'reject',
  { approver, comment, planHash, token }: DecideOptions & { approver: string },
): Promise<void> {
  const handle = client.workflow.getHandle(workflowId);
  const { status, runId } = await handle.describe();
  if (status.name !== 'RUNNING')
    throw new CliError(
      `${workflowId} asks nothing any more: its status is ${status.name.toLowerCase().replaceAll('_', ' ')}.`,
    );
  const before = await tryQuery<ApprovalStatus>(client, handle, 'approval');
  if (before === NO_SUCH_QUERY) throw new CliError(`${workflowId} asks for no approval. Nothing was sent.`);
  const standsStill = before ? undefined : await readTaskFailure(client, { workflowId, runId });
  await send(handle, signal, { approver, ...given({ comment, planHash, token }) });
  if (standsStill !== undefined)
    return remark(
      `Sent. ${workflowId} will read it when it goes on; now it stands still, as a worker can't take it further: ${standsStill}`,
    );
  if (!before) return remark(`Sent. No worker answers at the moment; ${workflowId} will read it when one does.`);
  const ask = () => queryWithin<ApprovalStatus>(client, handle, 'approval');
  const answer = await answerAfter(before, approver, ask);
  if (!answer) return remark(`Sent, but not judged yet: \`${cliCommand()} status ${workflowId}\` shows when it is.`);
  tell(answer);
}

const send = (handle: WorkflowHandle, signal: string, decision: Decision) =>
  handle.signal<[Decision]>(signal, decision);

const given = (options: Readonly<Record<'comment' | 'planHash' | 'token', string | undefined>>): Decision =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));

type Answer = { readonly approval: ApprovalStatus; readonly refusal?: string };

/** What the approval shows of this approver that it did not show before. */
async function answerAfter(
  before: ApprovalStatus,
  approver: string,
  ask: () => Promise<ApprovalStatus | undefined>,
): Promise<Answer | undefined> {
  const deadline = Date.now() + ANSWER_WITHIN_MS;
  const own = ({ actor }: { actor: string }) => isNamed(actor, [approver]);
  while (Date.now() < deadline) {
    const approval = await ask();
    const refusal = approval?.refused.slice(before.refused.length).findLast(own);
    if (approval && refusal) return { approval, refusal: refusal.why };
    const counted = approval?.by.find(own);
    if (approval && counted && !before.by.some(({ at }) => at === counted.at)) return { approval };
    await delay(ASK_EVERY_MS);
  }
  return undefined;
}

function tell({ approval: { title, state, by, policy }, refusal }: Answer): void {
  if (refusal !== undefined) throw new CliError(`Refused: ${refusal}.`, EXIT.denied);
  const soFar = `counted, ${by.length} of ${policy?.quorum ?? '?'} approvals so far`;
  print(`${title ?? 'approval'}: ${state === 'waiting' ? soFar : state}`);
}
