import { AlgoliaError } from '../algolia/algolia-error.ts';
import type { AlgoliaClient, CallOptions } from '../algolia/client.ts';
import type { InputOf, OperationName, OutputOf } from '../operations/index.ts';
import type { ApiKey, ApiKeys } from '../secrets/api-keys.ts';

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

/** Calls an operation by its name. */
export type Call = <N extends OperationName>(name: N, input: InputOf<N>) => Promise<OutputOf<N>>;

/** For what an activity calls: each time with a fresh key, until its signal is aborted, and what it writes before `writeBefore`. */
export const callWith =
  (client: AlgoliaClient, keys: ApiKeys, signal: AbortSignal, more: Pick<CallOptions, 'writeBefore'> = {}): Call =>
  (name, input) =>
    withFreshKey(keys, (options) => client.call(name, input, { signal, ...more, ...options }));
