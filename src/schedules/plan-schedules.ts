import { ScheduleNotFoundError, type Client, type ScheduleDescription } from '@temporalio/client';
import { actualShape, declaredShape, type Placement, type ScheduleShape } from './schedule-shape.ts';
import type { DeclaredSchedule, SchedulesFile } from './schedules-file.ts';

/**
 * The vocabulary of schedules.
 *
 * - declared: as the file wants it
 * - actual: as Temporal has it
 * - drift: where the two differ
 * - foreign: of the file's project by its id, but not in the file
 */
export interface Difference {
  readonly field: string;
  readonly is: string;
  readonly wanted: string;
}

export interface PlannedSchedule {
  readonly scheduleId: string;
  readonly change: 'create' | 'update' | 'none' | 'foreign';
  readonly differences: readonly Difference[];
  readonly declared?: DeclaredSchedule;
  readonly actual?: ScheduleDescription;
  /** What it will be. */
  readonly shape?: ScheduleShape;
}

export const placementOf = (file: SchedulesFile, id: string, taskQueue: string): Placement => ({
  scheduleId: `${file.project}/${id}`,
  taskQueue: file.taskQueue ?? taskQueue,
});

/** Compares every schedule of the file with what Temporal has, and finds the foreign ones. */
export async function planSchedules(
  client: Client,
  file: SchedulesFile,
  taskQueue: string,
): Promise<PlannedSchedule[]> {
  const planned = await Promise.all(
    file.schedules.map((declared) => planSchedule(client, declared, placementOf(file, declared.id, taskQueue))),
  );
  const known = new Set(planned.map(({ scheduleId }) => scheduleId));
  for (const scheduleId of await listIds(client, `${file.project}/`)) {
    if (known.has(scheduleId)) continue;
    const actual = await describe(client, scheduleId);
    if (actual) planned.push({ scheduleId, change: 'foreign', differences: [], actual });
  }
  return planned;
}

async function planSchedule(
  client: Client,
  declared: DeclaredSchedule,
  placement: Placement,
): Promise<PlannedSchedule> {
  const { scheduleId } = placement;
  // Not from the list, which lags behind.
  const actual = await describe(client, scheduleId);
  const is = actual && actualShape(actual);
  const shape = declaredShape(declared, placement, is);
  if (!actual || !is) return { scheduleId, change: 'create', differences: [], declared, shape };
  const differences = Object.entries(shape)
    .filter(([field, wanted]) => is[field] !== wanted)
    .map(([field, wanted]) => ({ field, is: is[field] ?? '', wanted }));
  return { scheduleId, change: differences.length > 0 ? 'update' : 'none', differences, declared, actual, shape };
}

export async function listIds(client: Client, prefix: string): Promise<string[]> {
  const ids: string[] = [];
  for await (const { scheduleId } of client.schedule.list()) if (scheduleId.startsWith(prefix)) ids.push(scheduleId);
  return ids.toSorted();
}

export async function describe(client: Client, scheduleId: string): Promise<ScheduleDescription | undefined> {
  try {
    return await client.schedule.getHandle(scheduleId).describe();
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return undefined;
    throw error;
  }
}
