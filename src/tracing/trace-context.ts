import { defaultPayloadConverter, type Headers } from '@temporalio/common';

export interface SpanIds {
  readonly traceId: string;
  readonly spanId: string;
  /** 1: the span is kept. */
  readonly traceFlags: number;
}

/** Where in which trace something is, as W3C's Trace Context says it; in workflows, which know nothing of OpenTelemetry, as well. */
export interface TraceContext extends SpanIds {
  /** What tracing systems on the way have added. */
  readonly traceState?: string | undefined;
}

/** Temporal's own interceptors call it so too. */
const HEADER = '_tracer-data';
const TRACEPARENT = /^(?!ff)[\da-f]{2}-(?!0{32})([\da-f]{32})-(?!0{16})([\da-f]{16})-([\da-f]{2})(-|$)/;
/** What everybody must carry on; who starts a workflow could let it carry any amount. */
const MAX_TRACE_STATE = 512;

export const formatTraceparent = ({ traceId, spanId, traceFlags }: SpanIds): string =>
  `00-${traceId}-${spanId}-${formatFlags(traceFlags)}`;

const formatFlags = (flags: number): string => flags.toString(16).padStart(2, '0');

export function withTraceContext(headers: Headers, context: TraceContext): Headers {
  const { traceState } = context;
  const carrier = { traceparent: formatTraceparent(context), ...(traceState && { tracestate: traceState }) };
  return { ...headers, [HEADER]: defaultPayloadConverter.toPayload(carrier) };
}

export const hasTraceContext = (headers: Headers): boolean => headers[HEADER] !== undefined;

/** Undefined where there is none. One that can't be read is none: it comes from outside, and must not stop what it comes with. */
export function readTraceContext({ [HEADER]: header }: Headers): TraceContext | undefined {
  if (!header) return undefined;
  try {
    const { traceparent, tracestate } = defaultPayloadConverter.fromPayload<Record<string, unknown>>(header);
    const [, traceId, spanId, flags] = TRACEPARENT.exec(String(traceparent)) ?? [];
    if (!traceId || !spanId || !flags) return undefined;
    const isCarried = typeof tracestate === 'string' && tracestate !== '' && tracestate.length <= MAX_TRACE_STATE;
    // Of the flags only the first has a meaning.
    const context = { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & 1 };
    return isCarried ? { ...context, traceState: tracestate } : context;
  } catch {
    return undefined;
  }
}

/** What a log line says of the trace. */
export const traceLogAttributes = ({ traceId, spanId, traceFlags }: SpanIds): Record<string, string> => ({
  trace_id: traceId,
  span_id: spanId,
  trace_flags: formatFlags(traceFlags),
});
