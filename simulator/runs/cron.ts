import { Cron } from 'croner';

const parse = (pattern: string) => new Cron(pattern, { timezone: 'UTC', paused: true, mode: '5-part' });

/** Five fields, in UTC. */
export function isCron(pattern: string): boolean {
  try {
    parse(pattern);
    return true;
  } catch {
    return false;
  }
}

/** The first time after `now` that the pattern names; undefined where there is none. */
export function nextTime(pattern: string, now: number): number | undefined {
  return parse(pattern).nextRun(new Date(now))?.getTime();
}
