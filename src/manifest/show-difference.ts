import type { Difference } from './compare.ts';
import type { ShownDifference } from './plan.ts';

const LONG = 200;
const MAX_LINES = 100;

/** Texts of several lines differ by the lines between what they begin and end with in common. */
export function showDifference({ field, is, wanted }: Difference): ShownDifference {
  if (typeof is !== 'string' || typeof wanted !== 'string' || !isLong(is, wanted)) return { field, is, wanted };
  return { field, lines: changedLines(is, wanted) };
}

const isLong = (...texts: string[]): boolean => texts.some((text) => text.includes('\n') || text.length > LONG);

function changedLines(is: string, wanted: string): string[] {
  const before = is.split('\n');
  const after = wanted.split('\n');
  const shorter = Math.min(before.length, after.length);
  let head = 0;
  while (head < shorter && before[head] === after[head]) head += 1;
  let tail = 0;
  while (tail < shorter - head && before.at(-1 - tail) === after.at(-1 - tail)) tail += 1;
  const lines = [
    ...before.slice(head, before.length - tail).map((line) => `-${line}`),
    ...after.slice(head, after.length - tail).map((line) => `+${line}`),
  ];
  const more = lines.length - MAX_LINES;
  return more > 0 ? [...lines.slice(0, MAX_LINES), `… and ${more} more lines`] : lines;
}

const MAX_SHOWN = 100;

/** A value in a sentence. */
export function shorten(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'not set');
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)} …` : text;
}
