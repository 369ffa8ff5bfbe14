import {
  allHandlersFinished,
  ApplicationFailure,
  condition,
  continueAsNew,
  defineSignal,
  defineUpdate,
  log,
  proxyActivities,
  proxyLocalActivities,
  setHandler,
  sleep,
  startChild,
  uuid4,
} from '@temporalio/workflow';

export interface Activities {
  note(text: string): Promise<string>;
  refuse(): Promise<never>;
}

const options = { startToCloseTimeout: '10s', retry: { maximumAttempts: 1 } } as const;
const { note, refuse } = proxyActivities<Activities>(options);
const { note: noteHere } = proxyLocalActivities<Activities>(options);

export const tell = defineSignal<[text: string]>('tell');
export const ask = defineUpdate<string, [text: string]>('ask');
export const end = defineSignal('end');

/** Notes what it is told and asked, until it is told to end. */
export async function listens(): Promise<void> {
  let isOver = false;
  setHandler(tell, async (text) => void (await note(text)));
  setHandler(ask, (text) => note(text));
  setHandler(end, () => {
    isOver = true;
  });
  await noteHere('I listen');
  log.error('I listen');
  await condition(() => isOver && allHandlersFinished());
}

export async function delegates(): Promise<void> {
  const child = await startChild(listens);
  await child.signal(end);
  await child.result();
}

export async function repeats(times: number): Promise<void> {
  await note('again');
  if (times > 1) await continueAsNew<typeof repeats>(times - 1);
}

export async function fails(): Promise<never> {
  throw ApplicationFailure.nonRetryable('in so many words', 'OutOfStock');
}

export async function isRefused(): Promise<never> {
  return refuse();
}

/** Goes where its random numbers lead it, several ways at once, and in the order in which it is answered. */
export async function wanders(): Promise<void> {
  const way = async () => {
    for (let step = 0; step < 4; step += 1) {
      const number = Math.random();
      if (number < 0.5) await note(uuid4());
      else await Promise.race([note('slow'), sleep(1)]);
    }
  };
  await Promise.all([way(), way(), way()]);
}

/** Several ways at once, and messages between them: the order of what it asks for depends on how many turns everything takes. */
export async function races(): Promise<void> {
  const told: string[] = [];
  setHandler(tell, async (text) => {
    told.push(await note(text));
  });
  setHandler(ask, (text) => {
    told.push(text);
    return text;
  });
  const way = async () => {
    await note('one');
    await Promise.race([note('slow'), sleep(1)]);
    await note('one').then(() => note('after the other'));
  };
  const listen = async () => {
    for (let heard = 0; heard < 2; heard += 1) {
      await condition(() => told.length > heard);
      await note('heard');
    }
  };
  await Promise.all([listen(), way(), sleep(1).then(way)]);
}
