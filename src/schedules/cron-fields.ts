import { CronExpressionParser } from 'cron-parser';

/** The times of a calendar, in the order of a cron expression; dayOfWeek from 0, Sunday, to 6. */
export interface CronFields {
  readonly minute: readonly number[];
  readonly hour: readonly number[];
  readonly dayOfMonth: readonly number[];
  readonly month: readonly number[];
  readonly dayOfWeek: readonly number[];
}

const LIMITS: Readonly<Record<keyof CronFields, readonly [number, number]>> = {
  minute: [0, 59],
  hour: [0, 23],
  dayOfMonth: [1, 31],
  month: [1, 12],
  dayOfWeek: [0, 6],
};

/** Reads a cron expression of five fields, or throws with a reason for people. */
export function parseCron(cron: string): CronFields {
  if (cron.trim().split(/\s+/).length !== 5) throw new Error('expected five fields, such as "0 3 * * *"');
  if (/[LW#?HQ]/.test(cron.replace(/[A-Za-z]{3}/g, ''))) throw new Error('expected numbers, names, * , - and / only');
  const { fields } = CronExpressionParser.parse(cron);
  const numbers = ({ values }: { values: readonly unknown[] }) =>
    [...new Set(values.map(Number))].toSorted((a, b) => a - b);
  const parsed: CronFields = {
    minute: numbers(fields.minute),
    hour: numbers(fields.hour),
    dayOfMonth: numbers(fields.dayOfMonth),
    month: numbers(fields.month),
    dayOfWeek: [...new Set(numbers(fields.dayOfWeek).map((day) => day % 7))].toSorted((a, b) => a - b),
  };
  if (!isAny('dayOfMonth', parsed.dayOfMonth) && !isAny('dayOfWeek', parsed.dayOfWeek))
    throw new Error(
      'names days of the month and of the week: in a cron either will do, in a Temporal schedule both must match; make two schedules of it',
    );
  return parsed;
}

/** Fields as the shortest cron that means them: two crons mean the same if these are the same. */
export function formatCron(fields: CronFields): string {
  return (Object.keys(LIMITS) as (keyof CronFields)[])
    .map((name) => (isAny(name, fields[name]) ? '*' : formatValues(fields[name])))
    .join(' ');
}

/** Neighbours as ranges, `1-5`; also what Temporal's API takes. */
export function toRanges(values: readonly number[]): { start: number; end: number }[] {
  const ranges: { start: number; end: number }[] = [];
  for (const value of values) {
    const last = ranges.at(-1);
    if (last && last.end === value - 1) last.end = value;
    else ranges.push({ start: value, end: value });
  }
  return ranges;
}

function isAny(name: keyof CronFields, values: readonly number[]): boolean {
  const [first, last] = LIMITS[name];
  return values.length === last - first + 1;
}

function formatValues(values: readonly number[]): string {
  const [first = 0, second = 0] = values;
  const step = second - first;
  const isRegular =
    values.length > 2 && step > 1 && first < step && values.every((value, n) => value === first + n * step);
  // 0,15,30,45 is */15 only if the next one would be past the hour; the fields that begin with 0 are those where people write that.
  if (isRegular && first === 0 && 60 % step === 0 && values.length === 60 / step) return `*/${step}`;
  return toRanges(values)
    .map(({ start, end }) => (start === end ? `${start}` : end === start + 1 ? `${start},${end}` : `${start}-${end}`))
    .join(',');
}
