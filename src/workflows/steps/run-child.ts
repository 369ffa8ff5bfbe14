import { CancellationScope, startChild, type ChildWorkflowOptions } from '@temporalio/workflow';
import type { Workflow, WorkflowResultType } from '@temporalio/common';

/**
 * Runs a child workflow to its end, as `executeChild` does, but can be cancelled at any time: the server refuses to cancel a child
 * that it has not started yet, and the SDK doesn't ask again. So a cancellation waits for the start.
 */
export async function runChild<T extends Workflow>(
  workflow: T,
  options: Omit<ChildWorkflowOptions, 'typeInfo'> & { args: Parameters<T> },
): Promise<WorkflowResultType<T>> {
  const around = CancellationScope.current();
  if (around.consideredCancelled) return around.cancelRequested;
  const { child, scope } = await CancellationScope.nonCancellable(async () => {
    const own = new CancellationScope();
    return { scope: own, child: await own.run(() => startChild<Workflow>(workflow, options)) };
  });
  if (around.cancellable) around.cancelRequested.catch(() => scope.cancel());
  return child.result() as Promise<WorkflowResultType<T>>;
}
