import { Client, type ConnectionLike, type WorkflowService } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import type { Duration } from '@temporalio/common';
import { randomUUID } from 'node:crypto';

type StartRequest = Parameters<WorkflowService['startWorkflowExecution']>[0];
type SignalWithStartRequest = Parameters<WorkflowService['signalWithStartWorkflowExecution']>[0];
type MultiOperationRequest = Parameters<WorkflowService['executeMultiOperation']>[0];
type TimeSkippingConfig = NonNullable<StartRequest['timeSkippingConfig']>;

/** The server's own limit is 200, after which it silently stops skipping. */
const MAX_SKIPS = 10_000;

/** temporal.api.enums.v1.FastForwardPollingResult */
const POLL_TIMEOUT = 1;
const FAST_FORWARD_COMPLETED = 2;

/**
 * The same client, but the workflows it starts jump over timers, retry back-offs and start delays as soon as nothing
 * else is to be done; their children too. Running activities hold the clock. A wait for a person with a deadline
 * jumps straight to the deadline: for those start with a plain client and `fastForward`.
 */
export function withTimeSkipping(client: Client, { maxSkips = MAX_SKIPS } = {}): Client {
  const timeSkippingConfig = { enabled: true, maxSessionSkipCount: maxSkips };
  return new Client({ ...client.options, connection: skippingConnection(client.connection, timeSkippingConfig) });
}

/** The SDK has no option for it, so it's added to the three requests that can start a workflow. */
function skippingConnection(connection: ConnectionLike, timeSkippingConfig: TimeSkippingConfig): ConnectionLike {
  const service = connection.workflowService;
  const starts = {
    startWorkflowExecution: (request: StartRequest) =>
      service.startWorkflowExecution({ ...request, timeSkippingConfig }),
    signalWithStartWorkflowExecution: (request: SignalWithStartRequest) =>
      service.signalWithStartWorkflowExecution({ ...request, timeSkippingConfig }),
    executeMultiOperation: (request: MultiOperationRequest) =>
      service.executeMultiOperation({
        ...request,
        operations: (request.operations ?? []).map(({ startWorkflow, ...operation }) =>
          startWorkflow ? { startWorkflow: { ...startWorkflow, timeSkippingConfig } } : operation,
        ),
      }),
  };
  // Connection and service go on as they are underneath, with these three answered here.
  const workflowService = { value: Object.assign(Object.create(service) as WorkflowService, starts) };
  return Object.create(connection, { workflowService }) as ConnectionLike;
}

/**
 * Moves one running workflow's clock on by `duration` and waits until it is there. After that its time is real again:
 * a person's wait of 24 h is still open after `fastForward(client, id, '23h')` and over after `'2h'` more.
 */
export async function fastForward(client: Client, workflowId: string, duration: Duration): Promise<void> {
  const { namespace } = client.options;
  const workflowExecution = { workflowId };
  const fastForwardId = randomUUID();
  await client.workflowService.updateWorkflowExecutionOptions({
    namespace,
    workflowExecution,
    workflowExecutionOptions: {
      timeSkippingConfig: {
        enabled: true,
        maxSessionSkipCount: MAX_SKIPS,
        fastForwardConfig: { id: fastForwardId, duration: msToTs(duration) },
      },
    },
    updateMask: { paths: ['time_skipping_config'] },
  });
  for (;;) {
    const poll = { namespace, workflowExecution, fastForwardId };
    const answer = await client.workflowService.pollWorkflowExecutionTimeSkipping(poll);
    if (answer.fastForwardPollingResult === FAST_FORWARD_COMPLETED) return;
    if (answer.fastForwardPollingResult === POLL_TIMEOUT) continue;
    // A workflow that ends on the way has no clock left to move.
    const { status } = await client.workflow.getHandle(workflowId).describe();
    if (status.name !== 'RUNNING') return;
    throw new Error(`Could not move ${workflowId} on by ${duration}: ${answer.failedReason}`);
  }
}
