import { ApplicationFailure } from '@temporalio/activity';
import type { AlgoliaClient } from '../algolia/client.ts';
import { exportManifest as toManifest, type Exported } from '../manifest/export-manifest.ts';
import type { Manifest } from '../manifest/manifest.ts';
import { ManifestProblems, planManifest as toPlan } from '../manifest/plan-manifest.ts';
import type { Planned } from '../manifest/plan.ts';
import type { ApiKeys } from '../secrets/api-keys.ts';
import { attempt } from './attempt.ts';
import { createReadInventory } from './read-inventory.ts';
import { unreadableSecrets } from './unreadable-secrets.ts';

/** The server refuses more than 2 MB at a time. */
const MAX_BYTES = 1_900_000;

export interface PlanManifestInput {
  readonly manifest: Manifest;
  readonly prune: boolean;
  /** What places in the manifest begin with, in what is said about it: `input.manifest`. */
  readonly root: string;
}

interface ManifestOptions {
  readonly client: AlgoliaClient;
  readonly keys: ApiKeys;
  readonly applicationId: string;
  readonly reveal: (reference: string) => Promise<string>;
}

/** What needs all that Algolia has at once. */
export function createManifestActivities({ client, keys, applicationId, reveal }: ManifestOptions) {
  const readInventory = createReadInventory(client, keys);
  return {
    /** Everything as a manifest. */
    async exportManifest(): Promise<Exported> {
      return attempt(async () =>
        fitting(toManifest(await readInventory(), applicationId), 'what there is', 'list the kinds one by one instead'),
      );
    },

    /** What it takes to make Algolia what the manifest says; `InvalidInput` if that can't be. */
    async planManifest({ manifest, prune, root }: PlanManifestInput): Promise<Planned> {
      return attempt(async () => {
        const inventory = await readInventory();
        try {
          const planned = toPlan({ manifest, prune, inventory, applicationId });
          const notes = [...planned.notes, ...(await unreadableSecrets(planned.plan.steps, reveal))];
          return fitting({ ...planned, notes }, 'the plan', 'apply the manifest in parts');
        } catch (error) {
          if (!(error instanceof ManifestProblems)) throw error;
          const problems = error.problems.map((problem) => (root === '' ? problem : `${root}.${problem}`));
          throw ApplicationFailure.nonRetryable(`${problems.join('; ')}. Nothing was changed.`, 'InvalidInput', {
            problems,
          });
        }
      });
    },
  };
}

function fitting<T>(value: T, what: string, instead: string): T {
  const bytes = Buffer.byteLength(JSON.stringify(value));
  if (bytes <= MAX_BYTES) return value;
  const megabytes = (bytes / 1_000_000).toFixed(1);
  throw ApplicationFailure.nonRetryable(
    `${what} takes ${megabytes} MB, and no more than ${MAX_BYTES / 1_000_000} MB fit through Temporal: ${instead}. Nothing was changed.`,
    'InvalidInput',
  );
}
