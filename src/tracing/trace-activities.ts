import { trace, type Tracer } from '@opentelemetry/api';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import { inSpan, parentContext } from './in-span.ts';
import { readTraceContext, traceLogAttributes } from './trace-context.ts';

/** A span around each attempt of an activity, and its ids in what the attempt logs. */
export function traceActivities(tracer: Tracer): ActivityInterceptorsFactory {
  return ({ info: { activityId, activityType, attempt, taskQueue, workflowExecution } }) => ({
    inbound: {
      execute(input, next) {
        const attributes = {
          temporalActivityId: activityId,
          temporalAttempt: attempt,
          temporalTaskQueue: taskQueue,
          // An activity may also be started by itself.
          ...(workflowExecution && {
            temporalWorkflowId: workflowExecution.workflowId,
            run_id: workflowExecution.runId,
          }),
        };
        const parent = parentContext(readTraceContext(input.headers));
        return inSpan(tracer, { name: `RunActivity:${activityType}`, attributes, parent }, () => next(input));
      },
    },
    outbound: {
      getLogAttributes(input, next) {
        const span = trace.getActiveSpan();
        return next({ ...(span && traceLogAttributes(span.spanContext())), ...input });
      },
    },
  });
}
