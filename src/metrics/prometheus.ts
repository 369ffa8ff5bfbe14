import type { MetricsExporterConfig } from '@temporalio/worker';

/** Half of all answers come within a tenth of a second; validation may take three minutes. */
const REQUEST_SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 60, 180];

export const REQUEST_DURATION = 'algolia_ingestion_request_duration';

/** Temporal's metrics and ours at one endpoint, with the names that Prometheus users expect: base units, counters in `_total`. */
export const prometheus = (bindAddress: string): MetricsExporterConfig => ({
  prometheus: {
    bindAddress,
    countersTotalSuffix: true,
    unitSuffix: true,
    useSecondsForDurations: true,
    histogramBucketOverrides: { [REQUEST_DURATION]: REQUEST_SECONDS },
  },
});
