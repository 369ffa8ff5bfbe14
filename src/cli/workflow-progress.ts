import { defineSearchAttributeKey } from '@temporalio/common';
import { decodeArrayFromPayloads } from '@temporalio/common/lib/internal-non-workflow/index.js';
import { cliCommand } from '../config.ts';
import { queryWithin } from './query.ts';
import type { Session } from './temporal.ts';

const APPROVAL_STATE = defineSearchAttributeKey('ApprovalState', 'KEYWORD');
/** As workflows say it. */
const WAITING = 'waiting for approval';
const QUERY_WITHIN_MS = 2_000;

/** What a workflow is doing, and the numbers that show it moves. */
export interface Progress {
  readonly step: string;
  readonly numbers: string;
}

/** What `status` says, and beyond it what pending activities say in their heartbeats and children in theirs. */
export async function readProgress({ client, ...rest }: Session, workflowId: string): Promise<Progress> {
  const handle = client.workflow.getHandle(workflowId);
  const [status, description] = await Promise.all([
    queryWithin<Status>(client, handle, 'status', QUERY_WITHIN_MS),
    handle.describe(),
  ]);
  const { pendingActivities, pendingChildren } = description.raw;
  const heartbeats = await Promise.all(
    (pendingActivities ?? []).map(({ heartbeatDetails }) =>
      decodeArrayFromPayloads(client.options.loadedDataConverter, heartbeatDetails?.payloads),
    ),
  );
  const step = stepOf(status) ?? description.status.name.toLowerCase();
  const waits = step === WAITING || description.typedSearchAttributes.get(APPROVAL_STATE) === 'waiting';
  const own = {
    step: waits ? `${WAITING}: ${cliCommand()} approve ${workflowId} --as <name>` : step,
    numbers: [...heartbeats.map(([beat]) => beat), status].map(numbersOf).find((text) => text !== '') ?? '',
  };
  const child = pendingChildren?.[0]?.workflowId;
  if (!child) return own;
  const inner = await readProgress({ client, ...rest }, child);
  return { step: `${own.step} › ${inner.step}`, numbers: inner.numbers || own.numbers };
}

/** Each workflow names what it is doing in one of these ways. */
interface Status {
  readonly phase?: unknown;
  readonly step?: unknown;
  readonly steps?: readonly { readonly step: string; readonly state: string; readonly note?: string }[];
}

function stepOf(status: Status | undefined): string | undefined {
  const going = status?.steps?.find(({ state }) => state === 'going on');
  if (going) return going.note ? `${going.step}: ${going.note}` : going.step;
  return [status?.phase, status?.step].find((step) => typeof step === 'string');
}

/** `received 12, expected 30`: of a run's progress, of a push's tally, or of how many of many are done. */
function numbersOf(report: unknown): string {
  const { progress, tally, done, total } = (report ?? {}) as Record<string, object | undefined>;
  return Object.entries(progress ?? tally ?? { done, total })
    .filter(([, value]) => typeof value === 'number')
    .map(([name, value]) => `${name} ${String(value)}`)
    .join(', ');
}
