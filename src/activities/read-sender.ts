import { ApplicationFailure, Context } from '@temporalio/activity';

/** Whom Temporal recorded as the sender of a signal. */
export interface Sender {
  /** ISO 8601: when the server took it in. */
  readonly at?: string;
  /** What the sender's client called itself: as true as the namespace's access control is tight. */
  readonly identity?: string;
  /** Whom the server authenticated; only where it is set up to propagate principals. */
  readonly principal?: string;
  /** Why the sender is not to be believed. */
  readonly problem?: string;
}

/** Who started the workflow, or the first of the workflows that led to it. */
export interface Requester {
  readonly identity?: string;
  readonly principal?: string;
}

interface Execution {
  readonly workflowId: string;
  readonly runId: string;
}

/** A child of a child …: more than this is no chain of ours. */
const MAX_ANCESTORS = 20;
const PAGE_SIZE = 1_000;

/** Whose signals are remembered: those who flood an approval must not have its whole history read for each of theirs. */
const MAX_RUNS_REMEMBERED = 50;

/** The sender of the n-th signal of a name in this workflow's own history: that very event, whatever its payload claims. */
export function createReadSender() {
  const runs = new Map<string, SignalSenders>();

  return async function readSender({ name, n }: { name: string; n: number }): Promise<Sender> {
    const execution = ownExecution();
    const find = () => runs.get(execution.runId)?.get(name)?.[n - 1];
    const remembered = find();
    if (remembered) return remembered;
    const senders = await readSenders(execution);
    runs.delete(execution.runId);
    runs.set(execution.runId, senders);
    for (const run of [...runs.keys()].slice(0, -MAX_RUNS_REMEMBERED)) runs.delete(run);
    const sender = find();
    if (sender) return sender;
    throw ApplicationFailure.create({
      message: `history does not show the ${n}th signal '${name}' yet`,
      type: 'NotYetThere',
    });
  };
}

/** By the signal's name, in the order of history, which only ever grows. */
type SignalSenders = ReadonlyMap<string, readonly Sender[]>;

async function readSenders(execution: Execution): Promise<SignalSenders> {
  const senders = new Map<string, Sender[]>();
  let serverVouches = false;
  for await (const event of historyOf(execution)) {
    serverVouches ||= Boolean(event.principal?.name);
    const signal = event.workflowExecutionSignaledEventAttributes;
    if (!signal?.signalName) continue;
    const at = timeOf(event.eventTime);
    const sender = senderOf(signal, event.principal?.name, serverVouches);
    const known = senders.get(signal.signalName);
    if (known) known.push({ at, ...sender });
    else senders.set(signal.signalName, [{ at, ...sender }]);
  }
  return senders;
}

interface Signal {
  readonly identity?: string | null;
  readonly externalWorkflowExecution?: { readonly workflowId?: string | null } | null;
}

function senderOf(signal: Signal, principal: string | null | undefined, serverVouches: boolean): Sender {
  if (signal.externalWorkflowExecution?.workflowId)
    return { problem: `sent by the workflow ${signal.externalWorkflowExecution.workflowId}, not by a person` };
  if (!principal && serverVouches) return { problem: 'the server did not authenticate the sender of this signal' };
  return { ...(principal ? { principal } : {}), ...(signal.identity ? { identity: signal.identity } : {}) };
}

/** Whoever started this workflow; of a child, whoever started its topmost parent. */
export async function readRequester(): Promise<Requester> {
  let execution = ownExecution();
  for (let ancestor = 0; ancestor <= MAX_ANCESTORS; ancestor += 1) {
    const started = await startOf(execution);
    const { parentWorkflowExecution: parent, firstExecutionRunId: firstRunId } = started.attributes;
    if (parent?.workflowId && parent.runId) execution = { workflowId: parent.workflowId, runId: parent.runId };
    else if (firstRunId && firstRunId !== execution.runId) execution = { ...execution, runId: firstRunId };
    else {
      const { identity } = started.attributes;
      return { ...(identity ? { identity } : {}), ...(started.principal ? { principal: started.principal } : {}) };
    }
  }
  throw ApplicationFailure.nonRetryable(`more than ${MAX_ANCESTORS} workflows lead to this one`, 'RequesterUnknown');
}

function ownExecution(): Execution {
  const { workflowExecution } = Context.current().info;
  if (workflowExecution) return workflowExecution;
  throw ApplicationFailure.nonRetryable('only a workflow can ask who sent it a signal', 'InvalidInput');
}

export async function startOf(execution: Execution) {
  for await (const { workflowExecutionStartedEventAttributes: attributes, principal } of historyOf(execution, 1)) {
    if (attributes) return { attributes, principal: principal?.name };
  }
  throw ApplicationFailure.create({
    message: `history of ${execution.workflowId} has no beginning`,
    type: 'NotYetThere',
  });
}

async function* historyOf(execution: Execution, maximumPageSize = PAGE_SIZE) {
  const { client } = Context.current();
  let nextPageToken: Uint8Array | undefined;
  do {
    const page = await client.workflowService.getWorkflowExecutionHistory({
      namespace: client.options.namespace,
      execution,
      maximumPageSize,
      ...(nextPageToken ? { nextPageToken } : {}),
    });
    yield* page.history?.events ?? [];
    nextPageToken = page.nextPageToken;
  } while (nextPageToken?.length);
}

const timeOf = (time: { seconds?: { toNumber(): number } | null; nanos?: number | null } | null | undefined): string =>
  new Date((time?.seconds?.toNumber() ?? 0) * 1_000 + Math.floor((time?.nanos ?? 0) / 1e6)).toISOString();
