import type { Client } from '@temporalio/client';
import type { Exported } from '../../src/manifest/export-manifest.ts';
import { applyManifestId, type applyManifest } from '../../src/workflows/apply-manifest.ts';
import type { callOperation } from '../../src/workflows/call-operation.ts';
import type { decommissionConnector } from '../../src/workflows/decommission-connector.ts';
import type { deployTransformation } from '../../src/workflows/deploy-transformation.ts';
import type { provisionConnector } from '../../src/workflows/provision-connector.ts';
import type { syncTask } from '../../src/workflows/sync-task.ts';
import { APPLICATION_ID, TASK_QUEUE } from '../services.ts';
import { answerApprovals } from './answer-approvals.ts';
import { airports, movies } from './connectors.ts';

export interface StartForms {
  readonly client: Client;
  readonly webUi: string;
  readonly dataUrl: string;
  /** Of the airports, and of the films; absent where the demo has failed. */
  readonly taskID?: string | undefined;
  readonly transformationID?: string | undefined;
}

/** The Web UI fills its start form from the latest run of a type, so there is one of the types that people start most. */
export async function seedStartForms({ client, webUi, dataUrl, taskID, transformationID }: StartForms): Promise<void> {
  const seededAt = Date.now();
  const as = (type: string) => ({ taskQueue: TASK_QUEUE, workflowId: `demo/${type}/${seededAt}` });
  const seeds = [
    client.workflow.execute<typeof callOperation>('callOperation', {
      ...as('callOperation'),
      args: [{ operation: 'listTasks', params: { itemsPerPage: 10 } }],
    }),
    decommissionOne(client, webUi, dataUrl, as),
  ];
  if (taskID)
    seeds.push(client.workflow.execute<typeof syncTask>('syncTask', { ...as('syncTask'), args: [{ taskID }] }));
  if (transformationID) {
    const { input, tryOn } = movies(dataUrl).transformation;
    // The code that is there already: nothing changes, and nobody is asked.
    seeds.push(
      client.workflow.execute<typeof deployTransformation>('deployTransformation', {
        ...as('deployTransformation'),
        args: [{ transformationID, ...input, tryOn, expect: [{ path: 'title', equals: 'Alien' }] }],
      }),
    );
  }
  await Promise.all(seeds);
  await applyWhatThereIs(client);
}

/** There is nothing to do; whoever changes something in the form is asked to approve that. */
async function applyWhatThereIs(client: Client): Promise<void> {
  const { manifest } = await client.activity.execute<Exported>('exportManifest', {
    id: `demo-export-${Date.now()}`,
    taskQueue: TASK_QUEUE,
    args: [],
    scheduleToCloseTimeout: '1m',
  });
  await client.workflow.execute<typeof applyManifest>('applyManifest', {
    taskQueue: TASK_QUEUE,
    workflowId: applyManifestId(APPLICATION_ID),
    args: [{ manifest }],
  });
}

/** Made for nothing but this, so the demo itself approves that it goes. */
async function decommissionOne(
  client: Client,
  webUi: string,
  dataUrl: string,
  as: (type: string) => { taskQueue: string; workflowId: string },
): Promise<void> {
  const { firstSync: _, ...connector } = airports(dataUrl);
  const { ids } = await client.workflow.execute<typeof provisionConnector>('provisionConnector', {
    ...as('provisionConnector'),
    args: [{ ...connector, name: 'demo farewell', reason: 'the demo: a connector to take out of service' }],
  });
  const handle = await client.workflow.start<typeof decommissionConnector>('decommissionConnector', {
    ...as('decommissionConnector'),
    args: [
      { taskID: ids.taskID, alsoDelete: ['destination', 'source'], requestedBy: 'demo', reason: 'the demo is over' },
    ],
  });
  const over = new AbortController();
  const approving = answerApprovals({
    client,
    workflowIds: [handle.workflowId],
    webUi,
    say: () => undefined,
    approver: 'demo farewell',
    signal: over.signal,
  });
  await handle.result().finally(() => over.abort());
  await approving;
}
