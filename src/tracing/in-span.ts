import {
  context,
  createTraceState,
  ROOT_CONTEXT,
  SpanStatusCode,
  trace,
  type Attributes,
  type Context,
  type Span,
  type Tracer,
} from '@opentelemetry/api';
import { typeOfError } from './failure-type.ts';
import type { TraceContext } from './trace-context.ts';

export interface SpanOptions {
  readonly name: string;
  readonly attributes: Attributes;
  /** Default: the one that runs. */
  readonly parent?: Context;
}

/** Runs it in a span, which says how it went. */
export function inSpan<T>(
  tracer: Tracer,
  { name, attributes, parent = context.active() }: SpanOptions,
  run: (span: Span) => Promise<T>,
): Promise<T> {
  return tracer.startActiveSpan(name, { attributes }, parent, async (span) => {
    try {
      const result = await run(span);
      span.setStatus({ code: SpanStatusCode.OK });
      return result;
    } catch (error) {
      fail(span, typeOfError(error));
      throw error;
    } finally {
      span.end();
    }
  });
}

/** Says of which type a failure is, and nothing else. */
export function fail(span: Span, type: string): void {
  span.setAttribute('error.type', type);
  span.setStatus({ code: SpanStatusCode.ERROR });
}

/** The parent of what has this from elsewhere. */
export const parentContext = (parent: TraceContext | undefined): Context =>
  parent
    ? trace.setSpanContext(ROOT_CONTEXT, { ...parent, traceState: createTraceState(parent.traceState), isRemote: true })
    : ROOT_CONTEXT;

/** What is sent elsewhere of a span. */
export function traceContextOf(span: Span): TraceContext {
  const { traceId, spanId, traceFlags, traceState } = span.spanContext();
  return { traceId, spanId, traceFlags, traceState: traceState?.serialize() };
}
