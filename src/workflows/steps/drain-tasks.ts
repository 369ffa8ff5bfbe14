import { repeatable } from '../proxies.ts';
import { watchRun } from './watch-run.ts';

export interface DrainOptions {
  /** ms on the workflow's clock. */
  readonly deadline: number;
  readonly noProgressMs: number;
}

/** Waits for all runs of these tasks that are going on now. Returns those that did not end, with the reason. */
export async function drainTasks(
  taskIDs: readonly string[],
  { deadline, noProgressMs }: DrainOptions,
): Promise<string[]> {
  const going: string[] = [];
  for (const taskID of taskIDs) {
    const { running } = await repeatable.inspectTask({ taskID });
    for (const { runID } of running) {
      const wait = { deadline, interrupt: () => undefined };
      const { state } = await watchRun(runID, wait, noProgressMs, () => undefined);
      if (state !== 'ended') going.push(`run ${runID} of task ${taskID}: ${state}`);
    }
  }
  return going;
}
