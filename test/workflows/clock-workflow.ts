import { condition, defineQuery, defineSignal, proxyLocalActivities, setHandler, sleep } from '@temporalio/workflow';

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

const { meanwhile } = proxyLocalActivities<{ meanwhile: () => Promise<void> }>({ startToCloseTimeout: '10s' });

/** Goes another way if it is struck before its local activity ends than after that. */
export async function patient(): Promise<string[]> {
  const order: string[] = [];
  setHandler(struckAt, () => {
    let turns = 0;
    // Long enough for the local activity to end meanwhile.
    while (turns < 2e8) turns += 1;
    return turns;
  });
  setHandler(strike, () => void order.push('struck'));
  await meanwhile();
  order.push('done');
  if (order[0] === 'done') await sleep(1);
  await condition(() => order.length > 1);
  return order;
}
