import protobuf from 'protobufjs';
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

/** What is looked at of OTLP's messages; protobuf passes over the rest. */
const ExportTraceServiceRequest = protobuf
  .parse(
    `syntax = "proto3";
    message ExportTraceServiceRequest { repeated ResourceSpans resource_spans = 1; }
    message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; }
    message Resource { repeated KeyValue attributes = 1; }
    message ScopeSpans { repeated Span spans = 2; }
    message Span {
      bytes trace_id = 1;
      bytes span_id = 2;
      string trace_state = 3;
      bytes parent_span_id = 4;
      string name = 5;
      SpanKind kind = 6;
      fixed64 start_time_unix_nano = 7;
      fixed64 end_time_unix_nano = 8;
      repeated KeyValue attributes = 9;
      repeated Event events = 11;
      Status status = 15;
    }
    enum SpanKind { SPAN_KIND_UNSPECIFIED = 0; SPAN_KIND_INTERNAL = 1; SPAN_KIND_SERVER = 2; SPAN_KIND_CLIENT = 3; }
    message Event { string name = 2; repeated KeyValue attributes = 3; }
    message Status { string message = 2; StatusCode code = 3; }
    enum StatusCode { STATUS_CODE_UNSET = 0; STATUS_CODE_OK = 1; STATUS_CODE_ERROR = 2; }
    message KeyValue { string key = 1; AnyValue value = 2; }
    message AnyValue {
      oneof value {
        string string_value = 1;
        bool bool_value = 2;
        int64 int_value = 3;
        double double_value = 4;
        ArrayValue array_value = 5;
        KeyValueList kvlist_value = 6;
      }
    }
    message ArrayValue { repeated AnyValue values = 1; }
    message KeyValueList { repeated KeyValue values = 1; }`,
  )
  .root.lookupType('ExportTraceServiceRequest');

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
