import { randomUUID } from 'node:crypto';
import type { Task } from '../resources/resource.ts';
import type { World } from '../world.ts';
import { executeRun, type RunOptions } from './execute-run.ts';
import { finishRun } from './finish-run.ts';
import { isOver, type Run, type RunType } from './run.ts';
import { playScript, takeScript } from './run-script.ts';

/** A new run, which nothing has happened in yet. */
export function createRun(world: World, taskID: string, type: RunType, failureThreshold?: number): Run {
  const createdAt = world.clock.iso();
  const run: Run = {
    runID: randomUUID(),
    taskID,
    type,
    status: 'created',
    createdAt,
    updatedAt: createdAt,
    failureThreshold,
    events: new Map(),
  };
  return world.runs.put(run);
}

/** Triggers a run of a task. Runs of the same task may overlap, as they may at Algolia's. */
export function startRun(world: World, task: Task, options: RunOptions): Run {
  const run = createRun(world, task.taskID, task.action === 'replace' ? 'reindex' : 'update', task.failureThreshold);
  world.tasks.put({ ...task, lastRun: run.createdAt });
  launch(world, run, task, options);
  return run;
}

/** Goes on with a run of an earlier life of the simulator, from its beginning. */
export function resumeRun(world: World, run: Run): void {
  if (isOver(run)) return;
  run.events.clear();
  const task = world.tasks.get(run.taskID);
  if (task && run.type !== 'push') launch(world, run, task, {});
  else finishRun(world, run, { outcome: 'failure', reasonCode: 'internal', reason: 'the simulator was restarted' });
}

function launch(world: World, run: Run, task: Task, options: RunOptions): void {
  const script = takeScript(world, task.taskID);
  (script ? playScript(world, run, script) : executeRun(world, run, task, options)).catch((error: unknown) => {
    console.error(error);
    finishRun(world, run, { outcome: 'failure', reasonCode: 'internal', reason: 'internal error of the simulator' });
  });
}
