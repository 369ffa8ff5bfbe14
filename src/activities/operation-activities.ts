import { activityInfo } from '@temporalio/activity';
import { AlgoliaError } from '../algolia/algolia-error.ts';
import type { AlgoliaClient, CallOptions } from '../algolia/client.ts';
import { operationNames, operations, type InputOf, type OperationName, type OutputOf } from '../operations/index.ts';
import type { Operation } from '../operations/operation.ts';
import type { ApiKey, ApiKeys } from '../secrets/api-keys.ts';
import { attempt, sendOnce } from './attempt.ts';

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
      const call = (more: { readonly writeBefore?: number } = {}): Promise<unknown> =>
        withFreshKey(keys, (options) => client.call(name, input as never, { signal, ...more, ...options }));
      if (operation.effect === 'once') return sendOnce(name, call);
      try {
        return await call();
      } catch (error) {
        if (isGoneAfterRetry(operation, error)) return {};
        throw error;
      }
    });
}

/**
 * Sends with the current key. One that is refused is read again, and a newer one tried at once; while a rotation overlaps,
 * so is the one before it, and if that is granted what the current one is not, the rotation hears of it.
 */
export async function withFreshKey<T>(keys: ApiKeys, request: (options: CallOptions) => Promise<T>): Promise<T> {
  const { rotation } = keys;
  const send = (key: ApiKey) => {
    const work = () => request({ apiKey: key.value });
    return rotation ? rotation.track(key, work) : work();
  };
  const key = await keys.current();
  try {
    return await send(key);
  } catch (error) {
    if (!isRefusedKey(error)) throw error;
    const fresh = await keys.refresh();
    if (fresh.value !== key.value) return send(fresh);
    const previous = await rotation?.previous();
    if (!rotation || !previous || previous.value === key.value) throw error;
    const result = await send(previous).catch((second: unknown) => {
      throw isRefusedKey(second) ? error : second;
    });
    await rotation.reportRefused(fresh);
    return result;
  }
}

const isRefusedKey = (error: unknown) => error instanceof AlgoliaError && error.type === 'AlgoliaAuth';

/** A delete whose first answer was lost finds nothing the second time: it is done. */
function isGoneAfterRetry(operation: Operation, error: unknown): boolean {
  return (
    operation.method === 'DELETE' &&
    activityInfo().attempt > 1 &&
    error instanceof AlgoliaError &&
    error.details.status === 404
  );
}
