import { InvalidArgumentError } from 'commander';
import { durationMs } from '../duration-ms.ts';

/** `30s`, `5m`, `2h` in ms. */
export function durationOption(text: string): number {
  if (!/^\d+(\.\d+)?(ms|s|m|h)$/.test(text))
    throw new InvalidArgumentError('Expected a duration such as 30s, 5m or 2h.');
  return durationMs(text);
}
