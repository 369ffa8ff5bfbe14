import type { Client } from '@temporalio/client';
import { placementOf, type PlannedSchedule } from './plan-schedules.ts';
import { toOptions } from './schedule-shape.ts';
import type { SchedulesFile } from './schedules-file.ts';

export interface ApplyOptions {
  readonly taskQueue: string;
  /** Whether foreign schedules are deleted. */
  readonly prune: boolean;
}

/** Makes Temporal's schedules those of the plan. Returns how many were created, updated and deleted. */
export async function applySchedules(
  client: Client,
  file: SchedulesFile,
  plan: readonly PlannedSchedule[],
  { taskQueue, prune }: ApplyOptions,
): Promise<{ created: number; updated: number; deleted: number }> {
  const done = { created: 0, updated: 0, deleted: 0 };
  for (const { scheduleId, change, declared, shape } of plan) {
    if (change === 'foreign') {
      if (!prune) continue;
      await client.schedule.getHandle(scheduleId).delete();
      done.deleted += 1;
    }
    if (change === 'foreign' || change === 'none' || !declared || !shape) continue;
    const { scheduleId: _, ...options } = toOptions(declared, placementOf(file, declared.id, taskQueue), shape);
    if (change === 'create') {
      await client.schedule.create({ scheduleId, ...options });
      done.created += 1;
    } else {
      await client.schedule.getHandle(scheduleId).update(() => options);
      done.updated += 1;
    }
  }
  return done;
}
