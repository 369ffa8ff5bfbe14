import { ApplicationFailure } from '@temporalio/workflow';
import type { InputOf, OutputOf } from '../../operations/index.ts';
import { repeatable } from '../proxies.ts';

/** What Algolia found when it looked at a source. */
export interface Validation {
  readonly runID?: string;
  readonly message?: string;
  /** How many sample records came back. */
  readonly samples: number;
}

/** Asks Algolia whether it can read a source of this configuration. A 200 may say no: the events tell. */
export async function checkSource(source: NonNullable<InputOf<'validateSource'>>): Promise<Validation> {
  return readValidation(await repeatable.validateSource(source));
}

export function readValidation({ runID, message, data, events }: OutputOf<'validateSource'>): Validation {
  const failed = (events ?? []).filter(({ status }) => status === 'failed' || status === 'critical');
  if (failed.length > 0) {
    const why = failed.map((event) => JSON.stringify(event.data ?? event.status)).join('; ');
    throw ApplicationFailure.nonRetryable(
      `the source is not valid: ${message ?? ''} ${why}`.slice(0, 2_000),
      'ValidationFailed',
    );
  }
  return { runID, samples: data?.length ?? 0, ...(message ? { message } : {}) };
}

/** Tries a transformation on one record. A 200 may hold an error. */
export async function checkTransformation(tryInput: InputOf<'tryTransformation'>): Promise<void> {
  const { error } = await repeatable.tryTransformation(tryInput);
  if (!error) return;
  throw ApplicationFailure.nonRetryable(
    `the transformation failed on a sample record: ${error.message ?? JSON.stringify(error)}`,
    'ValidationFailed',
    tryInput.sampleRecord,
  );
}
