import type { Checked } from '../../activities/check-input.ts';

export interface Counts {
  /** Records of the index that is to be replaced. */
  readonly previousCount: number;
  /** Records of the temporary index. */
  readonly count: number;
  /** Different objectIDs among the records pushed. */
  readonly distinct: number;
}

/** What the guard found. */
export interface GuardReport {
  readonly passed: boolean;
  /** By how much the index would become smaller, in percent of what it was. */
  readonly shrinkPercent: number;
  /** In words; empty if it passed. */
  readonly violations: readonly string[];
}

/** Whether the new records may replace the old without anybody being asked. */
export function judgeReplacement(
  { previousCount, count, distinct }: Counts,
  { minRecords, maxShrinkPercent, maxDroppedPercent }: Checked<'replaceAllRecords'>['guard'],
): GuardReport {
  const shrinkPercent = percentLess(count, previousCount);
  const violations: string[] = [];
  if (count < minRecords) violations.push(`${records(count)}, but minRecords is ${minRecords}`);
  if (shrinkPercent > maxShrinkPercent)
    violations.push(
      `${records(count)} instead of ${previousCount}: ${rounded(shrinkPercent)} % fewer, but maxShrinkPercent is ${maxShrinkPercent}`,
    );
  if (percentLess(count, distinct) > maxDroppedPercent)
    violations.push(
      `only ${count} of the ${distinct} different records pushed are in the temporary index, but maxDroppedPercent is ${maxDroppedPercent}`,
    );
  if (count > distinct)
    violations.push(`${records(count)} in the temporary index, but only ${distinct} different ones were pushed`);
  return { passed: violations.length === 0, shrinkPercent: rounded(shrinkPercent), violations };
}

const percentLess = (now: number, before: number) => (now >= before ? 0 : (100 * (before - now)) / before);
const rounded = (percent: number) => Math.round(percent * 100) / 100;
const records = (count: number) => (count === 1 ? '1 record' : `${count} records`);
