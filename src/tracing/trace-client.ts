import type { Tracer } from '@opentelemetry/api';
import type { WorkflowClientInterceptor } from '@temporalio/client';
import { inSpan, traceContextOf } from './in-span.ts';
import { withTraceContext } from './trace-context.ts';

/** A span of what an activity asks Temporal for. What it starts is part of the trace. */
export function traceClient(tracer: Tracer): WorkflowClientInterceptor {
  return {
    startWithDetails(input, next) {
      const attributes = { temporalWorkflowId: input.options.workflowId };
      return inSpan(tracer, { name: `StartWorkflow:${input.workflowType}`, attributes }, (span) =>
        next({ ...input, headers: withTraceContext(input.headers, traceContextOf(span)) }),
      );
    },
    startUpdateWithStart(input, next) {
      const { workflowId } = input.workflowStartOptions;
      const { updateId } = input.updateOptions;
      const attributes = { temporalWorkflowId: workflowId, ...(updateId && { temporalUpdateId: updateId }) };
      return inSpan(tracer, { name: `UpdateWithStartWorkflow:${input.updateName}`, attributes }, (span) => {
        const context = traceContextOf(span);
        return next({
          ...input,
          workflowStartHeaders: withTraceContext(input.workflowStartHeaders, context),
          updateHeaders: withTraceContext(input.updateHeaders, context),
        });
      });
    },
    query(input, next) {
      const attributes = { temporalWorkflowId: input.workflowExecution.workflowId };
      return inSpan(tracer, { name: `QueryWorkflow:${input.queryType}`, attributes }, () => next(input));
    },
    describe(input, next) {
      const attributes = { temporalWorkflowId: input.workflowExecution.workflowId };
      return inSpan(tracer, { name: 'DescribeWorkflow', attributes }, () => next(input));
    },
  };
}
