import type { Client } from '@temporalio/client';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ApprovalStatus } from '../../src/workflows/steps/approval-details.ts';
import { askedApproval } from '../asked-approval.ts';

const POLL_MS = 500;

export interface AnswerApprovals {
  readonly client: Client;
  /** Workflows that may come to wait for an approval; they need not exist yet. */
  readonly workflowIds: readonly string[];
  readonly webUi: string;
  /** How people call the command line. */
  readonly cli?: string;
  readonly say: (text: string) => void;
  /** Approves in this name; absent: a person does, and is told how. */
  readonly approver?: string;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/** Watches for approvals that wait, and tells each once what to do about it, or does it. */
export async function answerApprovals({
  client,
  workflowIds,
  webUi,
  cli = 'npm run -s cli --',
  say,
  approver,
  signal,
}: AnswerApprovals): Promise<void> {
  const answered = new Set<string>();
  while (!signal.aborted) {
    for (const workflowId of workflowIds) {
      const handle = client.workflow.getHandle(workflowId);
      const status = await askedApproval(handle);
      if (!status) continue;
      const asked = `${status.approvalId} ${status.deadline}`;
      if (answered.has(asked)) continue;
      answered.add(asked);
      if (approver) {
        say(`Approving as '${approver}': ${status.title}`);
        await handle.signal('approve', { approver, planHash: status.planHash });
      } else {
        say(howToApprove(status, { workflowId, webUi, cli }));
      }
    }
    await sleep(POLL_MS, undefined, { signal }).catch(() => undefined);
  }
}

function howToApprove(
  { title, payload }: ApprovalStatus,
  { workflowId, webUi, cli }: { readonly workflowId: string; readonly webUi: string; readonly cli: string },
): string {
  return [
    '',
    `Waiting for you to approve ${title}`,
    `  1. open  ${webUi}/workflows/${encodeURIComponent(workflowId)}`,
    '  2. read what is asked: User Metadata → Current Details',
    '  3. More Actions → Send a Signal → approve, with this as its input and your own name in it:',
    '',
    JSON.stringify(payload, null, 2).replace(/^/gm, '     '),
    '',
    '  or, in another terminal, with your own name:',
    '',
    `     ${cli} approve ${workflowId} --as ana`,
    '',
  ].join('\n');
}
