import { SpanKind, type Tracer } from '@opentelemetry/api';
import type { ObserveExchange } from '../algolia/observe.ts';
import type { Host } from '../operations/operation.ts';
import { fail } from './in-span.ts';
import { formatTraceparent } from './trace-context.ts';

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
        // What else of the trace could be carried on is no business of Algolia's.
        const answer = await send({ traceparent: formatTraceparent(span.spanContext()) });
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
