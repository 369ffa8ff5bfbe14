import { CancellationScope, isCancellation } from '@temporalio/workflow';

/** Whether something ended because this workflow is cancelled. A child that somebody has cancelled by itself fails in the same way. */
export function isOwnCancellation(error: unknown): boolean {
  if (!isCancellation(error)) return false;
  let scope = CancellationScope.current();
  while (scope.parent) scope = scope.parent;
  return scope.consideredCancelled;
}
