import { setTimeout as delay } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import type { Session } from './temporal.ts';
import { readProgress, type Progress } from './workflow-progress.ts';

const LOOK_EVERY_MS = 1_000;
/** Numbers that grow are shown this often where every line stays. */
const LINE_EVERY_MS = 10_000;

/** The workflow's result; and, on standard error, what it is doing whenever that changes. */
export async function followWorkflow(session: Session, handle: WorkflowHandle): Promise<unknown> {
  const line = createProgressLine(process.stderr);
  const over = new AbortController();
  const following = follow(session, handle.workflowId, line.show, over.signal);
  try {
    return await handle.result();
  } finally {
    over.abort();
    await following;
    line.clear();
  }
}

async function follow(
  session: Session,
  workflowId: string,
  show: (progress: Progress) => void,
  over: AbortSignal,
): Promise<void> {
  while (!over.aborted) {
    // A look that fails says nothing about the workflow.
    const progress = await readProgress(session, workflowId).catch(() => undefined);
    if (progress && !over.aborted) show(progress);
    await delay(LOOK_EVERY_MS, undefined, { signal: over }).catch(() => undefined);
  }
}

interface ProgressLine {
  readonly show: (progress: Progress) => void;
  readonly clear: () => void;
}

/** On a terminal one line that changes; elsewhere a line per step, and now and then one for its numbers. */
function createProgressLine(out: NodeJS.WriteStream): ProgressLine {
  const clear = () => {
    if (out.isTTY) out.write('\r\u001B[K');
  };
  let last: Progress | undefined;
  let toldAt = 0;
  const show = (progress: Progress) => {
    const text = progress.numbers ? `${progress.step}: ${progress.numbers}` : progress.step;
    if (out.isTTY) {
      clear();
      return void out.write(text.slice(0, (out.columns || 80) - 1));
    }
    const isNews = progress.step !== last?.step || (progress.numbers !== '' && last.numbers === '');
    if (!isNews && (progress.numbers === last?.numbers || Date.now() - toldAt < LINE_EVERY_MS)) return;
    last = progress;
    toldAt = Date.now();
    out.write(`${text}\n`);
  };
  return { show, clear };
}
