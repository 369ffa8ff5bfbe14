import type { World } from '../world.ts';
import { isOver, type Run, type Verdict } from './run.ts';

export function markStarted(world: World, run: Run): void {
  run.status = 'started';
  run.startedAt = run.updatedAt = world.clock.iso();
}

/** Ends a run, once. Too many critical ends in a row block its task. */
export function finishRun(world: World, run: Run, verdict: Verdict): void {
  if (isOver(run)) return;
  run.status = 'finished';
  run.finishedAt = run.updatedAt = world.clock.iso();
  run.startedAt ??= run.finishedAt;
  Object.assign(run, verdict);
  delete run.onPoll;
  // However far a script has let it come: it has received no more than it shows.
  if (run.progress) run.progress.receivedNbOfEvents = Math.min(run.progress.receivedNbOfEvents, run.events.size);
  if (run.type !== 'reindex' && run.type !== 'update') return;
  if (verdict.reasonCode === 'critical') countCritical(world, run);
  else world.criticalRuns.delete(run.taskID);
}

export function skipRun(world: World, run: Run, verdict: Omit<Verdict, 'outcome'>): void {
  run.status = 'skipped';
  run.finishedAt = run.updatedAt = world.clock.iso();
  Object.assign(run, verdict);
}

export function cancelRunsOf(world: World, taskID: string, reason: string): void {
  for (const run of world.runs.by('taskID', taskID))
    finishRun(world, run, { outcome: 'failure', reasonCode: 'cancelled', reason });
}

function countCritical(world: World, run: Run): void {
  const count = (world.criticalRuns.get(run.taskID) ?? 0) + 1;
  world.criticalRuns.set(run.taskID, count);
  const task = world.tasks.get(run.taskID);
  const threshold = task?.policies?.criticalThreshold;
  if (!task || threshold === undefined || count < threshold) return;
  world.tasks.put({ ...task, enabled: false, nextRun: undefined, updatedAt: world.clock.iso() });
  run.reasonCode = 'blocking';
  run.reason = `${run.reason ?? ''}; ${count} critical failures in a row: the task is blocked`;
}
