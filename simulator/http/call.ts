import type { ApiKey } from '../search/api-key.ts';
import type { World } from '../world.ts';

/** One request, understood: which operation, with what. */
export interface Call {
  readonly world: World;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly body: unknown;
  readonly key: ApiKey;
}

/** Returns what is answered with 200, or throws an `ApiError`. */
export type Handler = (call: Call) => unknown;
export type Handlers = Readonly<Record<string, Handler>>;

/** A parameter of the path: the router has matched it, so it is there. */
export const param = (call: Pick<Call, 'params'>, name: string): string => call.params[name] ?? '';
