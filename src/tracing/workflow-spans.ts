import { AsyncLocalStorage, getRandomStream, proxySinks, workflowInfo, type Sinks } from '@temporalio/workflow';
import type { TraceContext } from './trace-context.ts';

/** A span of a workflow that has ended. The worker makes one of OpenTelemetry's of it. */
export interface SpanRecord {
  readonly name: string;
  readonly context: TraceContext;
  readonly parent: TraceContext | undefined;
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Readonly<Record<string, string>>;
  /** Undefined: it went well. */
  readonly errorType: string | undefined;
}

export interface TracingSinks extends Sinks {
  readonly tracing: { record(span: SpanRecord): void };
}

export type OpenSpan = Omit<SpanRecord, 'endMs' | 'errorType'>;

/** Not exported: what is shared by workflows and exported is frozen. What runs in a workflow never sees another's. */
const storage = new AsyncLocalStorage<TraceContext>();

export const activeSpan = (): TraceContext | undefined => storage.getStore();
export const runInSpan = <T>({ context }: OpenSpan, fn: () => T): T => storage.run(context, fn);

/** Spans of the workflow that runs. Their ids are the same in every replay, and take nothing from the workflow's random numbers. */
export function createSpans() {
  const { runId } = workflowInfo();
  const { tracing } = proxySinks<TracingSinks>();
  const random = getRandomStream('algolia-ingestion-worker/tracing');
  const draw = () => Math.floor(random.random() * 2 ** 32);
  const hex = (number: number) => number.toString(16).padStart(8, '0');
  return {
    begin: (name: string, parent: TraceContext | undefined, attributes = {}): OpenSpan => {
      // One that begins a trace is found by its run id.
      const trace = parent ?? { traceId: runId.replaceAll('-', ''), traceFlags: 1 };
      const context = { ...trace, spanId: hex(draw()) + hex(draw() || 1) };
      return { name, context, parent, startMs: Date.now(), attributes };
    },
    end: (span: OpenSpan | undefined, errorType?: string): void => {
      if (span?.context.traceFlags) tracing.record({ ...span, endMs: Date.now(), errorType });
    },
  };
}
