import type { World } from '../world.ts';

export function showClock({ clock, settings }: World) {
  const { speed, runMs, pushMs, indexTaskMs, keyMs, cron } = settings;
  return { now: clock.iso(), rate: clock.rate, speed, runMs, pushMs, indexTaskMs, keyMs, cron };
}
