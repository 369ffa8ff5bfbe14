import { ApplicationFailure } from '@temporalio/workflow';

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
/** As in the inputs' check. Much further on there are no dates, and a workflow that told of one would be stuck for good. */
const TEN_YEARS_MS = 3_650 * UNIT_MS.d;

/** `"30m"` in ms. The same units as the inputs' check knows. */
export function durationMs(duration: string): number {
  const ms = tryDurationMs(duration);
  if (ms === undefined)
    throw ApplicationFailure.nonRetryable(`'${duration}' is no duration such as "30m"`, 'InvalidInput');
  return ms;
}

/** The same for what arrives by signal, where there is nobody to throw at. */
export function tryDurationMs(duration: unknown): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(typeof duration === 'string' ? duration : '');
  const ms = match ? Number(match[1]) * UNIT_MS[match[2] as keyof typeof UNIT_MS] : Infinity;
  return ms <= TEN_YEARS_MS ? ms : undefined;
}

/** ms as people write it: `24h3m`, `1m30s`, `0s`. */
export function formatDuration(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  const parts = [
    [Math.floor(seconds / 3_600), 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
    [seconds % 60, 's'],
  ] as const;
  return (
    parts
      .filter(([amount]) => amount > 0)
      .map(([amount, unit]) => `${amount}${unit}`)
      .join('') || '0s'
  );
}
