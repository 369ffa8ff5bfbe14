import { InvalidArgumentError } from 'commander';

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;

/** `30s`, `5m`, `2h` in ms. */
export function durationOption(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text);
  if (!match) throw new InvalidArgumentError('Expected a duration such as 30s, 5m or 2h.');
  return Number(match[1]) * UNIT_MS[match[2] as keyof typeof UNIT_MS];
}
