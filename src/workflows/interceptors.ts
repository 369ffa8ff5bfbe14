import type { WorkflowInterceptorsFactory } from '@temporalio/workflow';

/** What a query is answered that comes at the wrong moment. */
export const ASK_AGAIN = 'something has just happened that this workflow has yet to be told: ask again';

/** Why a task is begun anew. */
export const OUT_OF_ORDER = 'a local activity ended before what comes with its end: the order is that of history';

/** How many inputs a workflow was started with: a function that takes one is not told of a second. */
export type Inputs = { inputs?: number };

/** A task of a workflow, as it is known in the sandbox. */
interface Task {
  readonly historyLength: number;
  /** The workflow's clock. */
  readonly time: string;
  readonly isQuery: boolean;
}

/**
 * Fails a query that brings along what the workflow has yet to be told by a workflow task. To be bundled as a module of interceptors.
 *
 * A query that has waited for a worker comes with the history as it is by then. What happened since it was asked (a timer, a signal,
 * the end of an activity) is handed to the workflow at once (SDK 1.24), at the time of the task before, and what the workflow does
 * then is kept: a deadline that has passed isn't seen, the history can't be replayed, and the workflow gets stuck with its next
 * worker. Failing costs no more than the answer: the worker forgets the workflow, and its task comes with a time of its own.
 *
 * Fails a task, too, that tells after a query of the end of a local activity together with something else. The answer to the query
 * has ended the task before with the local activity's result, and a signal or a cancellation that has come meanwhile stands after it
 * in history; but the workflow is told of it first. Begun anew from history, the task comes in the order of all replays.
 */
export const interceptors: WorkflowInterceptorsFactory = () => {
  let last: Task | undefined;
  return {
    inbound: [
      {
        execute(input, next) {
          (globalThis as Inputs).inputs = input.args.length;
          return next(input);
        },
      },
    ],
    internals: [
      {
        activate(input, next) {
          const { historyLength, timestamp, isReplaying } = input.activation;
          const jobs = input.activation.jobs ?? [];
          const task = {
            historyLength: historyLength ?? 0,
            time: `${String(timestamp?.seconds)}.${timestamp?.nanos}`,
            isQuery: jobs.some(({ queryWorkflow }) => queryWorkflow),
          };
          const isEarly = last && !isReplaying && task.historyLength > last.historyLength && task.time === last.time;
          const ended = jobs.filter(({ resolveActivity }) => resolveActivity?.isLocal).length;
          const isOutOfOrder = last?.isQuery && !isReplaying && ended > 0 && ended < jobs.length;
          last = task;
          if (isEarly) throw new Error(ASK_AGAIN);
          if (isOutOfOrder) throw new Error(OUT_OF_ORDER);
          next(input);
        },
      },
    ],
  };
};
