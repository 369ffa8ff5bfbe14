import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace-base';

/** What failures say in words, and where in the code. It may repeat what Algolia was sent or has answered, and is encrypted in Temporal where anything is. */
const TEXTS = new Set(['exception.message', 'exception.stacktrace']);

/** An exporter of spans that say that and how something failed, but not in its words: those are in Temporal and in the log. */
export function withoutTexts(exporter: SpanExporter): SpanExporter {
  return {
    export: (spans, done) => exporter.export(spans.map(withoutText), done),
    shutdown: () => exporter.shutdown(),
    forceFlush: async () => exporter.forceFlush?.(),
  };
}

/** The span may go on being used, so it is not changed; what it knows besides stays as it is. */
const withoutText = (span: ReadableSpan): ReadableSpan =>
  Object.create(span, {
    status: { value: { code: span.status.code } },
    events: {
      value: span.events.map(({ attributes = {}, ...event }) => ({
        ...event,
        attributes: Object.fromEntries(Object.entries(attributes).filter(([name]) => !TEXTS.has(name))),
      })),
    },
  }) as ReadableSpan;
