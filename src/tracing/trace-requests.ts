import { isSpanContextValid, SpanKind, SpanStatusCode, type Span, type Tracer } from '@opentelemetry/api';
import type { ObserveExchange } from '../algolia/observe.ts';
import type { Host } from '../operations/operation.ts';

/**
 * A span around each request, named by its template and with no value of it, and the header by which Algolia's own traces
 * could go on from there. Attributes are those of OpenTelemetry's conventions for HTTP clients.
 */
export function traceRequests(tracer: Tracer, hosts: Readonly<Record<Host, URL>>): ObserveExchange {
  return ({ operation, effect, host, method, path }, send) => {
    const { hostname, port, protocol } = hosts[host];
    const attributes = {
      'http.request.method': method,
      'url.template': path,
      'server.address': hostname,
      'server.port': Number(port) || (protocol === 'https:' ? 443 : 80),
      'algolia.operation': operation,
      'algolia.effect': effect,
    };
    return tracer.startActiveSpan(`${method} ${path}`, { kind: SpanKind.CLIENT, attributes }, async (span) => {
      try {
        const answer = await send(traceparent(span));
        span.setAttribute('http.response.status_code', answer.status);
        if (answer.status >= 400) fail(span, String(answer.status));
        return answer;
      } catch (error) {
        fail(span, error instanceof Error ? error.name : 'unknown');
        throw error;
      } finally {
        span.end();
      }
    });
  };
}

function fail(span: Span, type: string): void {
  span.setAttribute('error.type', type);
  span.setStatus({ code: SpanStatusCode.ERROR });
}

/** By W3C's Trace Context. What else a propagator would carry on is no business of Algolia's. */
function traceparent(span: Span): Readonly<Record<string, string>> {
  const context = span.spanContext();
  if (!isSpanContextValid(context)) return {};
  return { traceparent: `00-${context.traceId}-${context.spanId}-${context.traceFlags.toString(16).padStart(2, '0')}` };
}
