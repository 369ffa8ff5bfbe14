import type { WorkflowHandle } from '@temporalio/client';
import { decodeArrayFromPayloads } from '@temporalio/common/lib/internal-non-workflow/index.js';
import { queryWithin } from './query.ts';
import { remark } from './output.ts';
import type { Session } from './temporal.ts';

const LOOK_EVERY_MS = 1_000;
/** Numbers that grow are shown this often where every line stays. */
const LINE_EVERY_MS = 10_000;
const QUERY_WITHIN_MS = 2_000;

/** The workflow's result; and, on standard error, what it is doing whenever that changes. */
export async function followWorkflow(session: Session, handle: WorkflowHandle): Promise<unknown> {
  const show = createProgressLine(process.stderr);
  let over = false;
  const telling = (async () => {
    while (!over) {
      // A look that fails says nothing about the workflow.
      const progress = await progressOf(session, handle.workflowId).catch(() => undefined);
      if (progress && !over) show(progress);
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS).unref());
    }
  })();
  try {
    return await handle.result();
  } finally {
    over = true;
    void telling;
    show(undefined);
  }
}

interface Progress {
  readonly step: string;
  readonly numbers: string;
}

/** What `status` says, and beyond it what pending activities say in their heartbeats and children in theirs. */
async function progressOf({ client, ...rest }: Session, workflowId: string): Promise<Progress> {
  const handle = client.workflow.getHandle(workflowId);
  const [status, description] = await Promise.all([
    queryWithin<Record<string, unknown>>(client, handle, 'status', QUERY_WITHIN_MS),
    handle.describe(),
  ]);
  const { loadedDataConverter } = client.options;
  const heartbeats = await Promise.all(
    (description.raw.pendingActivities ?? []).map(({ heartbeatDetails }) =>
      decodeArrayFromPayloads(loadedDataConverter, heartbeatDetails?.payloads),
    ),
  );
  const [child] = description.raw.pendingChildren ?? [];
  const own = {
    step:
      [status?.phase, status?.step, status?.state].find((step) => typeof step === 'string') ??
      description.status.name.toLowerCase(),
    numbers: [...heartbeats.map(([beat]) => beat), status].map(numbersOf).find((text) => text !== '') ?? '',
  };
  if (!child?.workflowId) return own;
  const inner = await progressOf({ client, ...rest }, child.workflowId);
  return { step: `${own.step} › ${inner.step}`, numbers: inner.numbers || own.numbers };
}

/** `received 12, expected 30` of whatever stands under `progress`. */
function numbersOf(report: unknown): string {
  const progress = (report as { progress?: unknown } | null | undefined)?.progress;
  if (typeof progress !== 'object' || progress === null) return '';
  return Object.entries(progress)
    .filter(([, value]) => typeof value === 'number')
    .map(([name, value]) => `${name} ${String(value)}`)
    .join(', ');
}

/** On a terminal one line that changes; elsewhere a line per step, and now and then one for its numbers. */
function createProgressLine(out: NodeJS.WriteStream): (progress: Progress | undefined) => void {
  let last: Progress | undefined;
  let toldAt = 0;
  return (progress) => {
    if (out.isTTY) {
      out.clearLine(0);
      out.cursorTo(0);
      if (progress) out.write(describe(progress).slice(0, out.columns - 1));
      return;
    }
    if (!progress) return;
    const isNews = progress.step !== last?.step;
    if (!isNews && (progress.numbers === last?.numbers || Date.now() - toldAt < LINE_EVERY_MS)) return;
    last = progress;
    toldAt = Date.now();
    remark(describe(progress));
  };
}

const describe = ({ step, numbers }: Progress) => (numbers ? `${step}: ${numbers}` : step);
