import type { Task } from '../resources/resource.ts';
import type { World } from '../world.ts';
import { nextTime } from './cron.ts';
import { startRun } from './start-run.ts';

/** Sets the next scheduled run of a task, after it was created or changed or has run; returns the task as it is now. */
export function scheduleTask(world: World, task: Task): Task {
  world.cronAlarms.get(task.taskID)?.();
  world.cronAlarms.delete(task.taskID);
  const due = task.cron && task.enabled ? nextTime(task.cron, world.clock.now()) : undefined;
  if (due === undefined) return world.tasks.put({ ...task, nextRun: undefined });
  const cancel = world.clock.at(due, () => {
    const current = world.tasks.get(task.taskID);
    if (!current) return;
    if (world.settings.cron && current.enabled) startRun(world, current, {});
    scheduleTask(world, world.tasks.get(task.taskID) ?? current);
  });
  world.cronAlarms.set(task.taskID, cancel);
  return world.tasks.put({ ...task, nextRun: new Date(due).toISOString() });
}
