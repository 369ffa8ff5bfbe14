import type { Client, WorkflowHandle } from '@temporalio/client';
import type { Simulator } from '../../../simulator/index.ts';
import type { Random } from '../../setup/random.ts';
import { provisionConnector } from '../../../src/workflows/provision-connector.ts';
import { pushRecords } from '../../../src/workflows/push-records.ts';
import { syncTask } from '../../../src/workflows/sync-task.ts';
import { makeConnector } from '../../setup/connector.ts';
import { makePushConnector } from '../../setup/indices.ts';

/** What somebody wanted, once. */
export type Intent =
  | { readonly kind: 'provision'; readonly name: string; readonly handle: WorkflowHandle<typeof provisionConnector> }
  | { readonly kind: 'sync'; readonly taskID: string; readonly handle: WorkflowHandle<typeof syncTask> }
  | {
      readonly kind: 'push';
      readonly indexName: string;
      readonly records: readonly { readonly objectID: string; readonly title: string }[];
      readonly handle: WorkflowHandle<typeof pushRecords>;
    };

export interface IntentOptions {
  readonly simulator: Simulator;
  readonly client: Client;
  readonly taskQueue: string;
  /** Where sources fetch from. */
  readonly url: string;
  readonly prefix: string;
  readonly writeRecords: (records: readonly object[]) => Promise<{ uri: string }>;
}

const RECORDS = 600;
const BATCH = 20;

export async function startProvision(
  { client, taskQueue, url, prefix }: IntentOptions,
  place: number,
): Promise<Intent> {
  const name = `${prefix}-provision-${place}`;
  const handle = await client.workflow.start(provisionConnector, {
    taskQueue,
    workflowId: name,
    args: [
      {
        name,
        authentication: { type: 'basic', input: { username: 'shop', password: { $secret: 'env:SECRET_SHOP' } } },
        source: { type: 'json', input: { url } },
        destination: { type: 'search', input: { indexName: name } },
        task: { action: 'replace' },
        firstSync: { enabled: true },
      },
    ],
  });
  return { kind: 'provision', name, handle };
}

export async function startSync(options: IntentOptions, place: number): Promise<Intent> {
  const { simulator, client, taskQueue, url, prefix } = options;
  const { taskID } = await makeConnector(simulator, { url, name: `${prefix}-sync-${place}` });
  const handle = await client.workflow.start(syncTask, {
    taskQueue,
    workflowId: `${prefix}-sync-${place}`,
    args: [{ taskID }],
  });
  return { kind: 'sync', taskID, handle };
}

/** Many small batches; some objectIDs twice, where the later one counts. */
export async function startPush(options: IntentOptions, place: number, random: Random): Promise<Intent> {
  const { simulator, client, taskQueue, prefix, writeRecords } = options;
  const indexName = `${prefix}-push-${place}`;
  await makePushConnector(simulator, indexName);
  const records = Array.from({ length: RECORDS }, (_, line) => ({
    objectID: `p${random() < 0.1 ? random.whole(0, line) : line}`,
    title: `line ${line}`,
  }));
  const handle = await client.workflow.start(pushRecords, {
    taskQueue,
    workflowId: indexName,
    args: [
      {
        indexName,
        action: 'addObject',
        recordsRef: await writeRecords(records),
        batch: { maxRecords: BATCH },
        maxParallel: random.whole(1, 4),
      },
    ],
  });
  return { kind: 'push', indexName, records, handle };
}
