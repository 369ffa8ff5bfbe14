import { setWorkflowOptions } from '@temporalio/workflow';
import * as workflows from './index.ts';

/**
 * The same workflows for workers that are a version of a deployment: each says whether the version that began it finishes it
 * (`PINNED`), or whichever is current goes on with it (`AUTO_UPGRADE`). An entry of its own, as a server refuses such a word
 * from a worker without a version. docs/upgrade.md has the reasons.
 */
export * from './index.ts';

const VERSIONING = {
  // They never end.
  alertBook: 'AUTO_UPGRADE',
  keyRing: 'AUTO_UPGRADE',
  // They take days.
  backfill: 'AUTO_UPGRADE',
  rotateApiKey: 'AUTO_UPGRADE',
  // They may wait for a person.
  applyManifest: 'AUTO_UPGRADE',
  callOperation: 'AUTO_UPGRADE',
  changeSource: 'AUTO_UPGRADE',
  connectorPipeline: 'AUTO_UPGRADE',
  decommissionConnector: 'AUTO_UPGRADE',
  deployTransformation: 'AUTO_UPGRADE',
  provisionConnector: 'AUTO_UPGRADE',
  reenableTask: 'AUTO_UPGRADE',
  replaceAllRecords: 'AUTO_UPGRADE',
  rotateAuthentication: 'AUTO_UPGRADE',
  // They wait for machines, and end by themselves.
  pushRecords: 'PINNED',
  syncSource: 'PINNED',
  syncTask: 'PINNED',
  watchConnectors: 'PINNED',
} as const satisfies Record<keyof typeof workflows, 'PINNED' | 'AUTO_UPGRADE'>;

for (const [type, workflow] of Object.entries(workflows))
  setWorkflowOptions(
    { versioningBehavior: VERSIONING[type as keyof typeof workflows] },
    workflow as () => Promise<unknown>,
  );
