import type { Effect, Host, Method } from '../operations/operation.ts';
import type { Answer } from './send.ts';

/** What may be told of a request: no value of its input, and so nothing secret. */
export interface Exchange {
  readonly operation: string;
  readonly effect: Effect;
  readonly host: Host;
  readonly method: Method;
  /** The path's template. */
  readonly path: string;
}

/** Stands around every exchange: it may add headers, and sees the answer, or why there is none. It passes both on. */
export type ObserveExchange = (
  exchange: Exchange,
  send: (headers?: Readonly<Record<string, string>>) => Promise<Answer>,
) => Promise<Answer>;

/** Of several the first stands outermost; of none there is none, so that nothing stands around. */
export const observeAll = (observers: readonly ObserveExchange[]): ObserveExchange | undefined =>
  observers.length === 0
    ? undefined
    : observers.reduce(
        (outer, inner) => (exchange, send) =>
          outer(exchange, (more) => inner(exchange, (yetMore) => send({ ...more, ...yetMore }))),
      );
