import { condition, defineSignal, proxyActivities, setHandler } from '@temporalio/workflow';

interface NoActivities {
  doNothing(): Promise<void>;
}

const { doNothing } = proxyActivities<NoActivities>({ startToCloseTimeout: '1m' });

export const goOn = defineSignal('goOn');

export async function oneStep(): Promise<void> {
  await doNothing();
}

export async function tenSteps(): Promise<void> {
  for (let step = 0; step < 10; step += 1) await doNothing();
}

/** What waits without anything to wait with. */
export async function waitForSignal(): Promise<void> {
  let told = false;
  setHandler(goOn, () => void (told = true));
  await condition(() => told);
}
