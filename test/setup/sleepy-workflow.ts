import { condition, defineSignal, defineUpdate, setHandler, sleep } from '@temporalio/workflow';

export const wake = defineSignal('wake');
export const greet = defineUpdate<string, [string]>('greet');

/** Sleeps, and says how long that was by its own clock. */
export async function sleepFor(durationMs: number): Promise<number> {
  const startedAt = Date.now();
  await sleep(durationMs);
  return Date.now() - startedAt;
}

/** Waits for somebody for a day, as an approval does. */
export async function waitADay(): Promise<'woken' | 'timedOut'> {
  let awake = false;
  setHandler(wake, () => void (awake = true));
  setHandler(greet, (greeting) => greeting);
  return (await condition(() => awake, '24h')) ? 'woken' : 'timedOut';
}
