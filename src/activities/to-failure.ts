import { ApplicationFailure } from '@temporalio/activity';
import { AlgoliaError } from '../algolia/algolia-error.ts';
import { KeyRingUnreachable } from '../secrets/key-ring.ts';
import { RecordsError } from '../records/records-error.ts';
import { SecretUnavailable } from '../secrets/secret-store.ts';

const RETRYABLE = new Set(['AlgoliaRateLimited', 'AlgoliaUnavailable']);

/** The one place where an error becomes a failure whose `type` workflows branch on. Anything unknown passes as it is. */
export function toFailure(error: unknown): unknown {
  if (error instanceof AlgoliaError) {
    const { type, message, details, cause } = error;
    return ApplicationFailure.create({
      type,
      message,
      nonRetryable: !RETRYABLE.has(type),
      details: [details],
      ...(details.retryAfterMs === undefined ? {} : { nextRetryDelay: details.retryAfterMs }),
      ...(cause instanceof Error ? { cause } : {}),
    });
  }
  if (error instanceof RecordsError) {
    const { type, message, cause } = error;
    return ApplicationFailure.create({
      type,
      message,
      nonRetryable: type !== 'RecordsUnavailable',
      ...(cause instanceof Error ? { cause } : {}),
    });
  }
  if (error instanceof SecretUnavailable) {
    return ApplicationFailure.create({
      type: 'AlgoliaInvalid',
      message: `${error.message}. Nothing was sent.`,
      nonRetryable: true,
    });
  }
  if (error instanceof KeyRingUnreachable) {
    const { message, cause } = error;
    return ApplicationFailure.create({
      type: 'AlgoliaUnavailable',
      message: `${message}. Nothing was sent.`,
      ...(cause instanceof Error ? { cause } : {}),
    });
  }
  return error;
}
