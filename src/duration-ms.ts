const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const TEN_YEARS_MS = 3_650 * 86_400_000;

/** `1.5h` in ms; NaN for what is no duration. Workflows, which may not load this, have `steps/duration.ts` with the same units and the same end. */
export const durationMs = (text: string): number =>
  Number.parseFloat(text) * (UNIT_MS[text.replace(/[\d.]+/, '')] ?? Number.NaN);

/** Longer than ten years: much further on there are no dates for a workflow to tell of. */
export const isTooLong = (text: string): boolean => durationMs(text) > TEN_YEARS_MS;
