import type { Activities } from '../activities/index.ts';
import { loadApprovalPolicies } from '../approvals/load-policies.ts';
import type { Config } from '../config.ts';
import { configuredActivities } from '../configured-activities.ts';
import { configuredApiKeys } from '../secrets/api-keys.ts';
import { createScrubber } from '../secrets/scrubber.ts';
import { createSecretStore } from '../secrets/secret-store.ts';

/**
 * The activities by their names, for `Worker.create({ activities })`. They use the API key of this configuration; a worker that is
 * to follow the application's key ring takes the plugin instead.
 */
export function createActivities(config: Config): Activities {
  const scrubber = createScrubber();
  return configuredActivities({
    config,
    scrubber,
    secrets: createSecretStore({ variables: config.secretVariables, directory: config.secretsDir, scrubber }),
    keys: configuredApiKeys(config.apiKey, scrubber),
    approvals: loadApprovalPolicies(config.approvalPolicies),
  });
}
