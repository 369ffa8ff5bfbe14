import { createRequire } from 'node:module';
import { serveOnLoopback } from '../../scripts/serve-on-loopback.ts';

export interface SeenSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  /** Empty: it has none. */
  readonly parentSpanId: string;
  readonly kind: string;
  readonly status: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly events: readonly { readonly name: string; readonly attributes: Readonly<Record<string, unknown>> }[];
  readonly resource: Readonly<Record<string, unknown>>;
}

export interface Collector {
  readonly url: string;
  readonly spans: () => readonly SeenSpan[];
  /** All that has arrived, as it was sent: to search it. */
  readonly raw: () => string;
  readonly stop: () => Promise<void>;
}

interface KeyValue {
  readonly key: string;
  readonly value?: Readonly<Record<string, unknown>>;
}
interface Span {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly kind: string;
  readonly status?: { readonly code?: string };
  readonly attributes?: readonly KeyValue[];
  readonly events?: readonly { readonly name: string; readonly attributes?: readonly KeyValue[] }[];
}
interface ExportRequest {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly KeyValue[] };
    readonly scopeSpans: readonly { readonly spans: readonly Span[] }[];
  }[];
}

/** The messages of OTLP, which the exporter's package has but doesn't declare. */
const { opentelemetry } = createRequire(import.meta.url)('@opentelemetry/otlp-transformer/build/src/generated/root.js');
const { ExportTraceServiceRequest } = opentelemetry.proto.collector.trace.v1;

/** A collector of traces on loopback: OTLP over HTTP, in protobuf. */
export async function startCollector(): Promise<Collector> {
  const spans: SeenSpan[] = [];
  const raw: Buffer[] = [];
  const { url, stop } = await serveOnLoopback((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      const isTraces = request.url === '/v1/traces' && request.headers['content-type'] === 'application/x-protobuf';
      if (isTraces) {
        raw.push(body);
        spans.push(...spansOf(body));
      }
      response.writeHead(isTraces ? 200 : 404, { 'content-type': 'application/x-protobuf' }).end();
    });
  });
  return {
    url,
    spans: () => spans,
    raw: () => Buffer.concat(raw).toString('latin1'),
    stop,
  };
}

function spansOf(body: Buffer): SeenSpan[] {
  const options = { enums: String, longs: String, bytes: String };
  const request = ExportTraceServiceRequest.toObject(ExportTraceServiceRequest.decode(body), options) as ExportRequest;
  return request.resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans
      .flatMap(({ spans }) => spans)
      .map(({ name, kind, traceId, spanId, parentSpanId = '', status, attributes, events = [] }) => ({
        name,
        kind,
        traceId: hex(traceId),
        spanId: hex(spanId),
        parentSpanId: hex(parentSpanId),
        status: status?.code ?? '',
        attributes: record(attributes),
        events: events.map((event) => ({ name: event.name, attributes: record(event.attributes) })),
        resource: record(resource.attributes),
      })),
  );
}

const hex = (base64: string) => Buffer.from(base64, 'base64').toString('hex');
const record = (attributes: readonly KeyValue[] = []) =>
  Object.fromEntries(attributes.map(({ key, value = {} }) => [key, Object.values(value)[0]]));
