import { ApplicationFailure } from '@temporalio/activity';
import { describeIssues } from '../algolia/check-input.ts';
import type { AlgoliaClient } from '../algolia/client.ts';
import { operations, type OutputOf } from '../operations/index.ts';
import type { ApiKeys } from '../secrets/api-keys.ts';
import { attempt } from './attempt.ts';
import { listResources } from './list-resources.ts';
import { definitionHash, definitionOf, type TransformationDefinition } from './transformation-definition.ts';
import { callWith } from './with-fresh-key.ts';

/** The answer is kept in history, which takes no more than 2 MB at once. */
const MAX_BYTES = 1_000_000;

export interface TransformationInspection {
  readonly transformationID: string;
  readonly updatedAt: string | null;
  /** What to send to put it back. */
  readonly definition: TransformationDefinition;
  /** Of the definition. */
  readonly hash: string;
  /** The destinations whose records it changes. */
  readonly usedBy: readonly { readonly destinationID: string; readonly indexName: string | null }[];
}

/** A transformation as it is, so that it can be put back; one that can't be is refused. */
export function createInspectTransformation(client: AlgoliaClient, keys: ApiKeys) {
  return async function inspectTransformation({
    transformationID,
  }: {
    transformationID: string;
  }): Promise<TransformationInspection> {
    return attempt(async (signal) => {
      const call = callWith(client, keys, signal);
      const found = await call('getTransformation', { transformationID });
      const definition = definitionOf(found);
      assertRestorable(transformationID, definition);
      const usedBy = new Map<string, string | null>();
      for await (const page of listResources(call, 'destination', { transformationID }))
        for (const { destinationID, input } of page as OutputOf<'listDestinations'>['destinations'])
          if (destinationID) usedBy.set(destinationID, input?.indexName ?? null);
      return {
        transformationID,
        updatedAt: found.updatedAt ?? null,
        definition,
        hash: definitionHash(definition),
        usedBy: [...usedBy].map(([destinationID, indexName]) => ({ destinationID, indexName })),
      };
    });
  };
}

function assertRestorable(transformationID: string, transformationCreate: TransformationDefinition): void {
  const refuse = (why: string) =>
    ApplicationFailure.nonRetryable(
      `transformation ${transformationID} could not be put back: ${why}`,
      'NotRestorable',
    );
  const parsed = operations.updateTransformation.input.safeParse({ transformationID, transformationCreate });
  if (!parsed.success) throw refuse(describeIssues(parsed.error.issues, 'it'));
  if (Buffer.byteLength(JSON.stringify(transformationCreate)) > MAX_BYTES)
    throw refuse(`it has more than ${MAX_BYTES / 1_000_000} MB, which Temporal would not keep`);
}
