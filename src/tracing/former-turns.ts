/** Which the SDK keeps in a history of Temporal's own interceptors for OpenTelemetry, and in no other. */
export const FORMER_FLAG = 5;

/**
 * Takes as many turns as Temporal's own interceptors took, which made the spans in 0.1: a workflow that has begun under them has
 * asked for things in an order that may depend on it. It is their code, without what it did.
 */
export async function takeFormerTurns<T>(fn: () => Promise<T>, hasParent = false): Promise<T> {
  const wrapWithSpan = async () => await fn();
  const startActiveSpan = async () => await wrapWithSpan();
  const withContext = async () => await startActiveSpan();
  const instrument = async () => await (hasParent ? withContext() : startActiveSpan());
  return await instrument();
}
