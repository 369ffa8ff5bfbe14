import type { WorkflowInterceptorsFactory } from '@temporalio/workflow';

/** What a query is answered that comes at the wrong moment. */
export const ASK_AGAIN = 'something has just happened that this workflow has yet to be told: ask again';

/** A task of a workflow, as it is known in the sandbox. */
interface Task {
  readonly historyLength: number;
  /** The workflow's clock. */
  readonly time: string;
}

/**
 * Fails a query that brings along what the workflow has yet to be told by a workflow task. To be bundled as a module of interceptors.
 *
 * A query that has waited for a worker comes with the history as it is by then. What happened since it was asked (a timer, a signal,
 * the end of an activity) is handed to the workflow at once (SDK 1.24), at the time of the task before, and what the workflow does
 * then is kept: a deadline that has passed isn't seen, the history can't be replayed, and the workflow gets stuck with its next
 * worker. Failing costs no more than the answer: the worker forgets the workflow, and its task comes with a time of its own.
 */
export const interceptors: WorkflowInterceptorsFactory = () => {
  let last: Task | undefined;
  return {
    internals: [
      {
        activate(input, next) {
          const { historyLength, timestamp, isReplaying } = input.activation;
          const task = { historyLength: historyLength ?? 0, time: `${String(timestamp?.seconds)}.${timestamp?.nanos}` };
          const isEarly = last && !isReplaying && task.historyLength > last.historyLength && task.time === last.time;
          last = task;
          if (isEarly) throw new Error(ASK_AGAIN);
          next(input);
        },
      },
    ],
  };
};
