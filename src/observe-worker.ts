import {
  Runtime,
  type ActivityInterceptorsFactory,
  type NativeConnection,
  type WorkerPlugin,
} from '@temporalio/worker';
import type { Client } from '@temporalio/client';
import { observeAll, type ObserveExchange } from './algolia/observe.ts';
import type { Config } from './config.ts';
import { serveHealth } from './health-server.ts';
import { countRequests } from './metrics/count-requests.ts';
import { countRetries } from './metrics/count-retries.ts';
import { watchGauges } from './metrics/watch-gauges.ts';
import type { KeyRing } from './secrets/key-ring.ts';

export interface ObserveWorkerOptions {
  readonly config: Config;
  readonly connection: NativeConnection;
  readonly client: Client;
  readonly keys: KeyRing;
}

export interface Observation {
  /** Sees every request to Algolia. */
  readonly observe: ObserveExchange | undefined;
  readonly interceptors: readonly ActivityInterceptorsFactory[];
  readonly plugins: readonly WorkerPlugin[];
}

/** What a worker tells of itself, as far as the configuration asks for it: health, metrics, traces. */
export async function observeWorker({ config, connection, client, keys }: ObserveWorkerOptions): Promise<Observation> {
  const { healthAddress, metricsAddress, taskQueue, userAgent } = config;
  const meter = metricsAddress ? Runtime.instance().metricMeter : undefined;
  // OpenTelemetry is loaded only where there is tracing.
  const tracing = config.tracing
    ? (await import('./tracing/start-tracing.ts')).startTracing({
        userAgent,
        hosts: { ingestion: config.ingestionUrl, search: config.searchUrl },
      })
    : undefined;
  const health = healthAddress ? [await serveHealth({ address: healthAddress, connection, keys })] : [];
  const gauges = meter ? [watchGauges({ meter, client, taskQueue, keys })] : [];
  return {
    observe: observeAll([...(meter ? [countRequests(meter)] : []), ...(tracing ? [tracing.observe] : [])]),
    interceptors: meter ? [countRetries(meter)] : [],
    plugins: [...health, ...gauges, ...(tracing ? [tracing.plugin] : [])],
  };
}
