import { Context } from '@temporalio/activity';
import { decodeArrayFromPayloads } from '@temporalio/common/lib/internal-non-workflow/index.js';
import { attempt } from './attempt.ts';
import { startOf } from './read-sender.ts';

const MAKERS = ['provisionConnector', 'connectorPipeline', 'applyManifest'];
/** They are told; the first is reason enough. */
const MAX_FOUND = 5;
/** What one made a moment before it ended may show at Algolia only later. */
const MARGIN_MS = 60_000;

export interface FindTwinsInput {
  /** What they must name in their input; absent: whatever they make. */
  readonly name?: string | undefined;
  /** ms since 1970. Those that had ended before are none, and neither are those that have undone what they made. */
  readonly since: number;
  /** Ids of workflows that are none. */
  readonly besides: readonly string[];
}

/** Workflows, by id, that may have made the same thing in the same time. */
export function createFindTwins(applicationId: string) {
  return async function findTwins({ name, since, besides }: FindTwinsInput): Promise<string[]> {
    const { client } = Context.current();
    const types = MAKERS.map((type) => `'${type}'`).join(', ');
    // In SQL, what is not there is not unequal to anything.
    const keeps = `(ExecutionStatus NOT IN ('Failed', 'Canceled') OR Outcome IS NULL OR Outcome != 'undone')`;
    const ended = `CloseTime >= '${new Date(since - MARGIN_MS).toISOString()}' AND ${keeps}`;
    const query = `WorkflowType IN (${types}) AND AlgoliaAppId = '${applicationId}' AND (ExecutionStatus = 'Running' OR (${ended}))`;
    return attempt(async () => {
      const found: string[] = [];
      for await (const { workflowId, runId } of client.workflow.list({ query })) {
        if (besides.includes(workflowId)) continue;
        const { attributes } = await startOf({ workflowId, runId });
        const input = await decodeArrayFromPayloads(client.options.loadedDataConverter, attributes.input?.payloads);
        if (name === undefined || JSON.stringify(input).includes(JSON.stringify(name))) found.push(workflowId);
        if (found.length === MAX_FOUND) break;
      }
      return found;
    });
  };
}
