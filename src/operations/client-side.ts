import { z } from 'zod';
import { secret, type Effect } from './operation.ts';

/** What the official client offers beside its requests: an activity like the others, but no single request stands behind it. */
export interface ClientOperation<E extends Effect = Effect, I extends z.ZodType = z.ZodType> {
  readonly effect: E;
  readonly summary: string;
  readonly input: I;
  readonly method: null;
  readonly path: null;
}

const clientSide = <const E extends Effect, I extends z.ZodType>(
  effect: E,
  summary: string,
  input: I,
): ClientOperation<E, I> => ({ effect, summary, input, method: null, path: null });

export const clientOperations = {
  setClientApiKey: clientSide(
    'idempotent',
    'Switch the API key used to authenticate requests, for every worker',
    z.strictObject({ apiKey: secret() }),
  ),
};

export type ClientOperations = typeof clientOperations;
export type ClientOperationName = keyof ClientOperations;
/** What a caller passes. */
export type ClientInputOf<N extends ClientOperationName> = z.input<ClientOperations[N]['input']>;
