import { activityInfo, Context } from '@temporalio/activity';
import { ScheduleNotFoundError, type Client, type ScheduleDescription } from '@temporalio/client';
import { msToTs, tsToDate } from '@temporalio/common/lib/time.js';
import { heartbeating } from './attempt.ts';
import { lookAtAll, type Look, type Problem } from './problem.ts';

/** A start may be this late before it counts as missed; a catch-up window makes it later. */
const GRACE_MS = 2 * 60_000;
const HOUR_MS = 3_600_000;
/** How far to look back for the last time a schedule was due: an hour for what runs every minute, a year for what runs once in one. */
const LOOK_BACKS_MS = [HOUR_MS, 25 * HOUR_MS, 8 * 24 * HOUR_MS, 32 * 24 * HOUR_MS, 367 * 24 * HOUR_MS];
/** What the note of a schedule begins with that is paused because its file says so: nobody need be told. */
export const PAUSED_ON_PURPOSE = 'paused by its file';

export interface InspectSchedulesInput {
  /** While a run goes on for no longer, that others were skipped is as the overlap policy wants it. */
  readonly maxRunMs: number;
  /** ms since 1970. */
  readonly now: number;
  readonly open: readonly string[];
}

/** Looks at the Temporal schedules that start workflows on this worker's task queue: paused, or not run when they were due. */
export async function inspectSchedules({ now, maxRunMs, open }: InspectSchedulesInput): Promise<Look> {
  const { client } = Context.current();
  const { taskQueue } = activityInfo();
  const problems: Problem[] = [];
  let checked = 0;
  await heartbeating(async () => {
    for await (const { scheduleId } of client.schedule.list()) {
      const schedule = await describe(client, scheduleId);
      if (schedule?.action.taskQueue !== taskQueue) continue;
      checked += 1;
      const problem = await inspectSchedule(client, schedule, { now, maxRunMs });
      if (problem) problems.push(problem);
    }
  });
  return { ...lookAtAll(open, 'schedule/', problems), checked };
}

async function describe(client: Client, scheduleId: string): Promise<ScheduleDescription | undefined> {
  try {
    return await client.schedule.getHandle(scheduleId).describe();
  } catch (error) {
    // The list lags behind.
    if (error instanceof ScheduleNotFoundError) return undefined;
    throw error;
  }
}

async function inspectSchedule(
  client: Client,
  schedule: ScheduleDescription,
  { now, maxRunMs }: Pick<InspectSchedulesInput, 'now' | 'maxRunMs'>,
): Promise<Problem | undefined> {
  const { scheduleId, state, info, policies } = schedule;
  if (state.paused && state.note?.startsWith(PAUSED_ON_PURPOSE)) return undefined;
  if (state.paused)
    return {
      key: `schedule/${scheduleId}/paused`,
      kind: 'schedule.paused',
      text: `schedule ${scheduleId} is paused${state.note ? `: ${state.note}` : ''}`,
    };
  if (state.remainingActions === 0) return undefined;
  const since = Math.max(info.createdAt.getTime(), info.lastUpdatedAt?.getTime() ?? 0);
  const due = await lastDue(client, scheduleId, since, now - Math.max(GRACE_MS, policies.catchupWindow));
  const ran = info.recentActions.at(-1)?.scheduledAt;
  if (!due || (ran && ran >= due)) return undefined;
  const [running] = info.runningActions;
  if (running && ran && now - ran.getTime() <= maxRunMs) return undefined;
  const why = running ? `; ${running.workflow.workflowId}, which it started before, is still running` : '';
  return {
    key: `schedule/${scheduleId}/missed`,
    kind: 'schedule.missed',
    text: `schedule ${scheduleId} was due at ${due.toISOString()} and started nothing${why}`,
  };
}

async function lastDue(client: Client, scheduleId: string, since: number, until: number): Promise<Date | undefined> {
  for (const lookBackMs of LOOK_BACKS_MS) {
    const from = Math.max(since, until - lookBackMs);
    if (from >= until) return undefined;
    const { startTime } = await client.workflowService.listScheduleMatchingTimes({
      namespace: client.options.namespace,
      scheduleId,
      startTime: msToTs(from),
      endTime: msToTs(until),
    });
    const last = startTime?.at(-1);
    if (last) return tsToDate(last);
    if (from === since) return undefined;
  }
  return undefined;
}
