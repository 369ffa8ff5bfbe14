import { createClient, type AlgoliaClient, type ClientOptions } from '../algolia/client.ts';
import type { ApiKeys } from '../secrets/api-keys.ts';
import { createAwaitRun } from './await-run.ts';
import { createCheckInput } from './check-input.ts';
import { createDigestEvents } from './digest-events.ts';
import { createFindResources } from './find-resources.ts';
import { createFindNewRuns, createInspectTask } from './inspect-task.ts';
import { createOperationActivities } from './operation-activities.ts';

export interface ActivitiesOptions extends ClientOptions {
  readonly keys: ApiKeys;
}

/** Everything a worker can do: Algolia's operations by their names, and the few activities with a loop of their own. */
export function createActivities({ keys, ...options }: ActivitiesOptions) {
  const client: AlgoliaClient = createClient(options);
  return {
    ...createOperationActivities(client, keys),
    checkInput: createCheckInput(options.applicationId),
    inspectTask: createInspectTask(client, keys),
    findNewRuns: createFindNewRuns(client, keys),
    awaitRun: createAwaitRun(client, keys),
    digestEvents: createDigestEvents(client, keys),
    findResources: createFindResources(client, keys),
  };
}

export type Activities = ReturnType<typeof createActivities>;
