import { activityInfo } from '@temporalio/activity';
import { AlgoliaError } from '../algolia/algolia-error.ts';
import type { AlgoliaClient } from '../algolia/client.ts';
import { operationNames, operations, type InputOf, type OperationName, type OutputOf } from '../operations/index.ts';
import type { Operation } from '../operations/operation.ts';
import type { ApiKeys } from '../secrets/api-keys.ts';
import { attempt, sendIfCurrent, sendOnce } from './attempt.ts';
import { callWith } from './with-fresh-key.ts';

/** Every operation of the table as an activity of its name, taking and returning what the official client's method does. */
export type OperationActivities = { [N in OperationName]: (input: InputOf<N>) => Promise<OutputOf<N>> };

export function createOperationActivities(client: AlgoliaClient, keys: ApiKeys): OperationActivities {
  return Object.fromEntries(
    operationNames.map((name) => [name, activityFor(name, client, keys)]),
  ) as OperationActivities;
}

function activityFor(name: OperationName, client: AlgoliaClient, keys: ApiKeys) {
  const operation: Operation = operations[name];
  return (input: unknown): Promise<unknown> =>
    attempt(async (signal) => {
      const call = (more?: { readonly writeBefore: number }): Promise<unknown> =>
        callWith(client, keys, signal, more)(name, input as never);
      if (operation.effect === 'once') return sendOnce(name, call);
      if (operation.effect === 'read') return call();
      try {
        return await sendIfCurrent(name, call);
      } catch (error) {
        if (isGoneAfterRetry(operation, error)) return {};
        throw error;
      }
    });
}

/** A delete whose first answer was lost finds nothing the second time: it is done. */
function isGoneAfterRetry(operation: Operation, error: unknown): boolean {
  return (
    operation.method === 'DELETE' &&
    activityInfo().attempt > 1 &&
    error instanceof AlgoliaError &&
    error.details.status === 404
  );
}
