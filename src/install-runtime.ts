import { Runtime, type Logger } from '@temporalio/worker';
import { ConfigError, type Config } from './config.ts';
import { messageOf } from './message-of.ts';
import { prometheus } from './metrics/prometheus.ts';

/** Temporal's core, once per process and before anything else of it: it logs as we do, and serves metrics where somebody asks for them. */
export function installRuntime({ metricsAddress }: Pick<Config, 'metricsAddress'>, logger: Logger): void {
  try {
    Runtime.install({
      logger,
      telemetryOptions: {
        logging: { forward: {}, filter: { core: 'WARN', other: 'WARN' } },
        ...(metricsAddress ? { metrics: prometheus(metricsAddress) } : {}),
      },
    });
  } catch (error) {
    if (metricsAddress === undefined) throw error;
    throw new ConfigError(`METRICS_ADDRESS: can't listen on ${metricsAddress}: ${messageOf(error)}`, { cause: error });
  }
}
