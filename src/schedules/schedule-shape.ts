import type { ScheduleDescription } from '@temporalio/client';
import { optionalTsToMs, tsToMs } from '@temporalio/common/lib/time.js';
import type { temporal } from '@temporalio/proto';
import { PAUSED_ON_PURPOSE } from '../activities/inspect-schedules.ts';
import { canonicalJson } from '../approvals/plan-hash.ts';
import { formatDuration } from '../workflows/steps/duration.ts';
import { formatCron, parseCron, toRanges } from './cron-fields.ts';
import { cronText, type DeclaredSchedule } from './schedules-file.ts';

/** All of a schedule that a file decides about, as text: two schedules are the same if these are. */
export type ScheduleShape = Readonly<Record<string, string>>;

export interface Placement {
  /** The whole id, with the project. */
  readonly scheduleId: string;
  readonly taskQueue: string;
}

/** The shape that the file wants; `actual` decides what the file doesn't. */
export function declaredShape(
  declared: DeclaredSchedule,
  { scheduleId, taskQueue }: Placement,
  actual: ScheduleShape | undefined,
): ScheduleShape {
  const state = wantedState(declared, actual);
  return {
    when: declared.cron === undefined ? `every ${formatDuration(declared.every ?? 0)}` : cronText(declared.cron),
    timezone: declared.timezone,
    jitter: formatDuration(declared.jitter),
    limits: 'none',
    workflow: declared.workflow,
    input: canonicalJson(declared.input),
    taskQueue,
    workflowId: scheduleId,
    timeouts: 'none',
    overlap: declared.overlap,
    catchupWindow: formatDuration(declared.catchupWindow),
    pauseOnFailure: String(declared.pauseOnFailure),
    paused: String(state.paused),
    note: state.note,
  };
}

/** A pause that the file says nothing of belongs to whoever made it, with the note. */
function wantedState(
  { paused, note = '' }: DeclaredSchedule,
  actual: ScheduleShape | undefined,
): { paused: boolean; note: string } {
  if (paused === true) return { paused, note: note ? `${PAUSED_ON_PURPOSE}: ${note}` : PAUSED_ON_PURPOSE };
  const pausedByPeople = actual?.paused === 'true' && !actual.note?.startsWith(PAUSED_ON_PURPOSE);
  return paused === undefined && pausedByPeople ? { paused: true, note: actual.note ?? '' } : { paused: false, note };
}

export function actualShape({ raw, action, policies, state }: ScheduleDescription): ScheduleShape {
  const spec = raw.schedule?.spec ?? {};
  const { workflowExecutionTimeout, workflowRunTimeout, args = [] } = action;
  const [input, ...others] = args;
  return {
    when: describeTimes(spec),
    timezone: spec.timezoneName || 'UTC',
    jitter: formatDuration(optionalTsToMs(spec.jitter) ?? 0),
    limits: describeLimits(spec, state.remainingActions),
    workflow: action.workflowType,
    input: others.length > 0 ? args.map(canonicalJson).join(' and ') : canonicalJson(input ?? null),
    taskQueue: action.taskQueue ?? '',
    workflowId: action.workflowId ?? '',
    timeouts: workflowExecutionTimeout || workflowRunTimeout ? 'some' : 'none',
    overlap: policies.overlap ?? 'SKIP',
    catchupWindow: formatDuration(policies.catchupWindow),
    pauseOnFailure: String(policies.pauseOnFailure),
    paused: String(state.paused),
    note: state.note ?? '',
  };
}

type Spec = temporal.api.schedule.v1.IScheduleSpec;
type Range = temporal.api.schedule.v1.IRange;

function describeTimes({ structuredCalendar, interval }: Spec): string {
  const calendars = (structuredCalendar ?? []).map((calendar) => {
    const fields = {
      minute: expand(calendar.minute, [0]),
      hour: expand(calendar.hour, [0]),
      dayOfMonth: expand(calendar.dayOfMonth, numbers(1, 31)),
      month: expand(calendar.month, numbers(1, 12)),
      dayOfWeek: expand(calendar.dayOfWeek, numbers(0, 6)),
    };
    const seconds = expand(calendar.second, [0]).join(',');
    const years = expand(calendar.year, []).join(',');
    return `cron ${formatCron(fields)}${seconds === '0' ? '' : `, seconds ${seconds}`}${years ? `, years ${years}` : ''}`;
  });
  const intervals = (interval ?? []).map(({ interval: every, phase }) => {
    const offsetMs = optionalTsToMs(phase);
    return `every ${formatDuration(tsToMs(every))}${offsetMs ? ` from ${formatDuration(offsetMs)} on` : ''}`;
  });
  return [...calendars, ...intervals].toSorted().join(' and ') || 'never';
}

const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => from + n);

function expand(ranges: readonly Range[] | null | undefined, otherwise: readonly number[]): readonly number[] {
  if (!ranges?.length) return otherwise;
  const values = ranges.flatMap(({ start, end, step }) => {
    const first = start ?? 0;
    return numbers(first, Math.max(end ?? 0, first)).filter((value) => (value - first) % Math.max(step ?? 1, 1) === 0);
  });
  return [...new Set(values)].toSorted((a, b) => a - b);
}

function describeLimits(
  { startTime, endTime, excludeStructuredCalendar }: Spec,
  remainingActions: number | undefined,
): string {
  const limits = [
    ...(startTime ? [`not before ${new Date(tsToMs(startTime)).toISOString()}`] : []),
    ...(endTime ? [`not after ${new Date(tsToMs(endTime)).toISOString()}`] : []),
    ...(excludeStructuredCalendar?.length ? ['some times are left out'] : []),
    ...(remainingActions === undefined ? [] : [`${remainingActions} starts left`]),
  ];
  return limits.join(', ') || 'none';
}

/** What to send to Temporal for a schedule to get this shape. */
export function toOptions(declared: DeclaredSchedule, { scheduleId, taskQueue }: Placement, shape: ScheduleShape) {
  return {
    scheduleId,
    spec: {
      ...(declared.cron === undefined
        ? { intervals: [{ every: declared.every ?? 0 }] }
        : { calendars: [toCalendar(declared.cron)] }),
      timezone: declared.timezone,
      jitter: declared.jitter,
    },
    policies: {
      overlap: declared.overlap,
      catchupWindow: declared.catchupWindow,
      pauseOnFailure: declared.pauseOnFailure,
    },
    action: {
      type: 'startWorkflow' as const,
      workflowType: declared.workflow,
      workflowId: scheduleId,
      taskQueue,
      args: [declared.input],
      staticSummary: `schedule ${scheduleId}`,
    },
    state: { paused: shape.paused === 'true', ...(shape.note ? { note: shape.note } : {}) },
  };
}

const MONTHS = 'JANUARY FEBRUARY MARCH APRIL MAY JUNE JULY AUGUST SEPTEMBER OCTOBER NOVEMBER DECEMBER'.split(' ');
const DAYS = 'SUNDAY MONDAY TUESDAY WEDNESDAY THURSDAY FRIDAY SATURDAY'.split(' ');

function toCalendar(cron: string) {
  const { minute, hour, dayOfMonth, month, dayOfWeek } = parseCron(cron);
  return {
    comment: cron,
    minute: toRanges(minute),
    hour: toRanges(hour),
    dayOfMonth: toRanges(dayOfMonth),
    month: month.map((number) => MONTHS[number - 1]) as 'JANUARY'[],
    dayOfWeek: dayOfWeek.map((number) => DAYS[number]) as 'SUNDAY'[],
  };
}
