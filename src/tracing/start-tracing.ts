import { setTimeout as delay } from 'node:timers/promises';
import { context, diag, DiagLogLevel } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { Runtime, type WorkerPlugin } from '@temporalio/worker';
import type { ObserveExchange } from '../algolia/observe.ts';
import type { Host } from '../operations/operation.ts';
import { recordSpans } from './record-spans.ts';
import { traceActivities } from './trace-activities.ts';
import { traceClient } from './trace-client.ts';
import { traceRequests } from './trace-requests.ts';

/** A collector that is gone doesn't keep a worker that has to leave. */
const LAST_SPANS_MS = 2_000;

export interface Tracing {
  /** Makes spans of workflows and activities, and sends the last ones when the worker ends. */
  readonly plugin: WorkerPlugin;
  /** Makes spans of requests to Algolia. */
  readonly observe: ObserveExchange;
}

export interface TracingOptions {
  /** `name/version` */
  readonly userAgent: string;
  readonly hosts: Readonly<Record<Host, URL>>;
}

/**
 * Traces from workflow to activity to request, sent by OTLP over HTTP. Where to, with which headers, how many at once and under
 * which name is in `OTEL_*`, which the OpenTelemetry SDK reads from the environment. To be imported where there is tracing
 * only: it loads that SDK.
 */
export function startTracing({ userAgent, hosts }: TracingOptions): Tracing {
  const { logger } = Runtime.instance();
  const tell = (message: string) => logger.warn(`OpenTelemetry: ${message}`);
  const ignore = () => undefined;
  diag.setLogger({ error: tell, warn: tell, info: ignore, debug: ignore, verbose: ignore }, DiagLogLevel.WARN);
  const [name = '', version = ''] = userAgent.split('/');
  const resource = resourceFromAttributes({ 'service.name': name, 'service.version': version }).merge(
    detectResources({ detectors: [envDetector] }),
  );
  const config = { resource, spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())] };
  const provider = new BasicTracerProvider(config);
  const tracer = provider.getTracer(name, version);
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  return {
    plugin: {
      name: 'tracing',
      configureWorker: ({ interceptors, sinks, ...options }) => ({
        ...options,
        sinks: { ...sinks, ...recordSpans(config) },
        interceptors: {
          ...interceptors,
          client: { ...interceptors?.client, workflow: [traceClient(tracer)] },
          activity: [...(interceptors?.activity ?? []), traceActivities(tracer)],
        },
      }),
      async runWorker(worker, next) {
        try {
          await next(worker);
        } finally {
          const sent = provider.shutdown().catch((error: unknown) => tell(String(error)));
          await Promise.race([sent, delay(LAST_SPANS_MS, undefined, { ref: false })]);
        }
      },
    },
    observe: traceRequests(tracer, hosts),
  };
}
