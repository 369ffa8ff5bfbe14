import { createActivities, type Activities, type ActivitiesOptions } from './activities/index.ts';
import type { ApprovalPolicies } from './approvals/load-policies.ts';
import type { Config } from './config.ts';
import type { ApiKeys } from './secrets/api-keys.ts';
import type { KeyStore } from './secrets/key-store.ts';
import type { Scrubber } from './secrets/scrubber.ts';
import type { SecretStore } from './secrets/secret-store.ts';

export interface ConfiguredActivitiesOptions extends Pick<ActivitiesOptions, 'observe' | 'room'> {
  readonly config: Config;
  readonly scrubber: Scrubber;
  readonly secrets: SecretStore;
  readonly keys: ApiKeys;
  readonly keyStore?: KeyStore;
  readonly approvals: ApprovalPolicies;
}

/** The activities that a configuration makes. */
export function configuredActivities({
  config,
  scrubber,
  secrets,
  keys,
  keyStore,
  approvals,
  ...options
}: ConfiguredActivitiesOptions): Activities {
  return createActivities({
    applicationId: config.applicationId,
    hosts: { ingestion: config.ingestionUrl, search: config.searchUrl },
    keys,
    ...(keyStore ? { keyStore } : {}),
    records: { directory: config.recordsDir, hosts: config.recordsHosts },
    reveal: ({ reference }) => secrets.reveal(reference),
    scrub: scrubber.scrub,
    userAgent: config.userAgent,
    requestsPerSecond: config.rates.requestsPerSecond,
    maxTimeoutMs: config.maxTimeoutMs,
    approvals,
    ...options,
  });
}
