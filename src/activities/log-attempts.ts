import { activityInfo, ApplicationFailure, CancelledFailure, log } from '@temporalio/activity';
import { ApplicationFailureCategory } from '@temporalio/common';
import type { AlgoliaErrorDetails } from '../algolia/algolia-error.ts';
import { messageOf } from '../message-of.ts';

type Activity = (...args: never[]) => Promise<unknown>;

/**
 * The same activities, each telling of every attempt in one line: at debug when it went well the first time or was cancelled, at
 * warn when it was a retry or failed. With ids and names of its input and never a body; which workflow and run it is for is there anyway.
 */
export function logAttempts<A extends Readonly<Record<string, Activity>>>(activities: A): A {
  return Object.fromEntries(
    Object.entries(activities).map(([operation, work]) => [
      operation,
      (...args: never[]) => logAttempt(operation, args[0], () => work(...args)),
    ]),
  ) as unknown as A;
}

async function logAttempt<T>(operation: string, input: unknown, work: () => Promise<T>): Promise<T> {
  const { attempt } = activityInfo();
  const startedAt = performance.now();
  const fields = () => ({
    operation,
    ...resourceOf(input),
    attempt,
    durationMs: Math.round(performance.now() - startedAt),
  });
  try {
    const result = await work();
    if (attempt > 1) log.warn(`${operation} succeeded on a retry`, fields());
    else log.debug(operation, fields());
    return result;
  } catch (error) {
    const expected =
      error instanceof CancelledFailure ||
      (error instanceof ApplicationFailure && error.category === ApplicationFailureCategory.BENIGN);
    const what = error instanceof CancelledFailure ? 'was cancelled' : 'failed';
    log[expected ? 'debug' : 'warn'](`${operation} ${what}`, { ...fields(), ...describe(error) });
    throw error;
  }
}

/** The ids and names in an argument: `sourceID=…`. */
function resourceOf(input: unknown): { readonly resource?: string } {
  if (typeof input !== 'object' || input === null) return {};
  const named = Object.entries(input).filter(
    ([name, value]) => typeof value === 'string' && /ID$|^(name|indexName|path|type)$/.test(name),
  );
  return named.length === 0 ? {} : { resource: named.map(([name, value]) => `${name}=${value}`).join(' ') };
}

function describe(error: unknown): object {
  const message = messageOf(error);
  if (!(error instanceof ApplicationFailure)) return { message };
  const { status, correlationID } = (error.details?.[0] ?? {}) as Partial<AlgoliaErrorDetails>;
  return {
    type: error.type,
    ...(status === undefined ? {} : { status }),
    ...(correlationID === undefined ? {} : { correlationID }),
    message,
  };
}
