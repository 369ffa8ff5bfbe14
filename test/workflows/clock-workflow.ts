import { condition, defineQuery, defineSignal, setHandler } from '@temporalio/workflow';

export const strike = defineSignal('strike');
export const struckAt = defineQuery<number | undefined>('struckAt');

/** Returns what time it was on its clock when it was struck, ms. */
export async function clock(): Promise<number> {
  let time: number | undefined;
  setHandler(struckAt, () => time);
  setHandler(strike, () => void (time ??= Date.now()));
  await condition(() => time !== undefined);
  return time ?? 0;
}
