import { SpanStatusCode } from '@opentelemetry/api';
import { AlwaysOnSampler, BasicTracerProvider, type TracerConfig } from '@opentelemetry/sdk-trace-base';
import type { InjectedSinks } from '@temporalio/worker';
import { fail, parentContext } from './in-span.ts';
import type { TracingSinks } from './workflow-spans.ts';

/** Makes OpenTelemetry's spans of what workflows record, with the ids that they have there. Whether they are kept was decided there, too. */
export function recordSpans(config: TracerConfig): InjectedSinks<TracingSinks> {
  let ids = { traceId: '', spanId: '' };
  const idGenerator = { generateTraceId: () => ids.traceId, generateSpanId: () => ids.spanId };
  const provider = new BasicTracerProvider({ ...config, sampler: new AlwaysOnSampler(), idGenerator });
  const tracer = provider.getTracer('@temporalio/interceptor-workflow');
  return {
    tracing: {
      record: {
        fn({ workflowId, runId, workflowType, namespace, taskQueue, attempt }, record) {
          const { name, context, parent, startMs, endMs, errorType } = record;
          ids = context;
          const attributes = {
            // As they are called in an activity's span.
            temporalWorkflowId: workflowId,
            run_id: runId,
            workflowId,
            runId,
            workflowType,
            namespace,
            taskQueue,
            attempt,
            ...record.attributes,
          };
          const span = tracer.startSpan(name, { attributes, startTime: new Date(startMs) }, parentContext(parent));
          if (errorType === undefined) span.setStatus({ code: SpanStatusCode.OK });
          else fail(span, errorType);
          span.end(new Date(endMs));
        },
      },
    },
  };
}
