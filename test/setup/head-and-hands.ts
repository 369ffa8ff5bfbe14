import { NativeConnection, Worker } from '@temporalio/worker';
import { randomUUID } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { expect, inject } from 'vitest';
import type { WorkflowHandle } from '@temporalio/client';
import type { Simulator } from '../../simulator/index.ts';
import { startTestWorker, type TestWorker } from './start-worker.ts';

/** A task queue whose workflows and whose activities are done by a worker each. */
export interface HeadAndHands {
  readonly client: Client;
  readonly taskQueue: string;
  /** The worker that does workflows, and their local activities. */
  readonly startHead: () => Promise<TestWorker>;
  readonly stop: () => Promise<void>;
}

/**
 * Lets a test stop the workflows while activities go on, so that a workflow hears of what happens meanwhile all at once.
 * The activities are the test's own.
 */
export async function startHands(
  simulator: Simulator,
  activities: Readonly<Record<string, (input: never) => Promise<unknown>>>,
): Promise<HeadAndHands> {
  const taskQueue = `hands-${randomUUID()}`;
  const { address } = inject('temporal');
  const [connection, native] = await Promise.all([
    Connection.connect({ address }),
    NativeConnection.connect({ address }),
  ]);
  const hands = await Worker.create({ connection: native, taskQueue, activities });
  const running = hands.run();
  return {
    client: new Client({ connection }),
    taskQueue,
    startHead: () =>
      startTestWorker({
        simulator,
        environment: { TASK_QUEUE: taskQueue },
        overrides: { enableNonLocalActivities: false },
      }),
    async stop() {
      hands.shutdown();
      await running;
      await Promise.all([native.close(), connection.close()]);
    },
  };
}

/** Waits until so many activities of a workflow have ended well. */
export async function answersIn(handle: Pick<WorkflowHandle, 'fetchHistory'>, count: number): Promise<void> {
  const answers = async () =>
    (await handle.fetchHistory()).events?.filter((event) => event.activityTaskCompletedEventAttributes).length;
  await expect.poll(answers, { timeout: 150_000, interval: 100 }).toBe(count);
}

/** What an activity waits for until a test says so. */
export interface Door {
  /** Waits for it to be opened. */
  readonly pass: () => Promise<void>;
  /** Whether somebody waits. */
  readonly isWaitedAt: () => boolean;
  readonly open: () => void;
}

export function makeDoor(): Door {
  let waiting = false;
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return {
    pass() {
      waiting = true;
      return opened;
    },
    isWaitedAt: () => waiting,
    open,
  };
}
