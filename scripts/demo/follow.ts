import { WorkflowFailedError, type Client, type WorkflowHandle } from '@temporalio/client';
import { setTimeout as sleep } from 'node:timers/promises';
import { request } from 'undici';
import type { Simulator } from '../../simulator/index.ts';
import type { connectorPipeline, ConnectorPipelineResult } from '../../src/workflows/connector-pipeline.ts';
import type { provisionConnector, ProvisionConnectorResult } from '../../src/workflows/provision-connector.ts';
import type { ProgressDisplay } from './progress-display.ts';

const POLL_MS = 250;

interface Followed {
  readonly name: string;
  readonly indexName: string;
  readonly client: Client;
  readonly simulator: Simulator;
  readonly display: ProgressDisplay;
}

export interface Outcome {
  readonly name: string;
  readonly workflowId: string;
  readonly ids?: Result['ids'];
  readonly records: number;
  readonly verdict: string;
  readonly durationMs: number;
}

type Result = ConnectorPipelineResult | ProvisionConnectorResult;

/** Shows a workflow's progress until it ends. */
export async function follow(
  handle: WorkflowHandle<typeof connectorPipeline> | WorkflowHandle<typeof provisionConnector>,
  followed: Followed,
): Promise<Outcome> {
  const { name, client, simulator, display } = followed;
  const { workflowId } = handle;
  const startedAt = Date.now();
  let over = false;
  const result: Promise<Result> = handle.result().finally(() => (over = true));
  result.catch(() => undefined);
  const show = async (step: string): Promise<number> => {
    const records = await countRecords(simulator, followed.indexName);
    const second = await syncProgress(client, `${workflowId}/second-sync`, simulator);
    const progress = second ??
      (await syncProgress(client, `${workflowId}/sync`, simulator)) ?? { received: 0, expected: 0 };
    display.update(name, { ...progress, step, records });
    return records;
  };
  while (!over) {
    const { step = 'starting' } = await handle
      .query<{ step?: string }>('status')
      .catch(() => ({}) as { step?: string });
    await show(step.split(/[:,]/)[0] ?? '');
    await sleep(POLL_MS);
  }
  const [verdict, ids] = await result.then(
    ({ sync, ids: made }) => [sync?.verdict ?? 'created', made] as const,
    (error: unknown) => [failureOf(error), undefined] as const,
  );
  const records = await show(verdict);
  return { name, workflowId, ...(ids ? { ids } : {}), records, verdict, durationMs: Date.now() - startedAt };
}

const failureOf = (error: unknown) =>
  error instanceof WorkflowFailedError ? (error.cause?.message ?? error.message) : String(error);

async function countRecords(simulator: Simulator, indexName: string): Promise<number> {
  return simulator.control<{ count: number }>(`GET /indices/${indexName}`).then(
    ({ count }) => count,
    () => 0,
  );
}

/** How far the sync's run is, as Algolia says: the worker's own heartbeat is some seconds old. */
async function syncProgress(
  client: Client,
  workflowId: string,
  { url, applicationId, adminKey }: Simulator,
): Promise<{ received: number; expected: number } | undefined> {
  try {
    const { runID } = await client.workflow.getHandle(workflowId).query<{ runID?: string }>('status');
    const headers = { 'x-algolia-application-id': applicationId, 'x-algolia-api-key': adminKey };
    const { body } = await request(`${url}/1/runs/${runID}`, { headers });
    const { progress } = (await body.json()) as { progress?: Record<string, number> };
    return { received: progress?.receivedNbOfEvents ?? 0, expected: progress?.expectedNbOfEvents ?? 0 };
  } catch {
    return undefined;
  }
}
