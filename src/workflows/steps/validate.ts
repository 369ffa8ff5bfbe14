import { ApplicationFailure } from '@temporalio/workflow';
import type { SampleTried } from '../../activities/try-samples.ts';
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
    const said = message ?? '';
    const why = failed
      .map(({ data: found, status }) => (said.includes(wordsOf(found) ?? '\0') ? '' : JSON.stringify(found ?? status)))
      .filter((text) => text !== '');
    throw ApplicationFailure.nonRetryable(
      `the source is not valid: ${[said, why.join('; ')].filter((text) => text !== '').join(' ')}`.slice(0, 2_000),
      'ValidationFailed',
    );
  }
  return { runID, samples: data?.length ?? 0, ...(message ? { message } : {}) };
}

/** What an event says, which the message often says too. */
function wordsOf(data: unknown): string | undefined {
  const said = (data as { readonly message?: unknown } | null | undefined)?.message;
  return typeof said === 'string' ? said : undefined;
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

const MAX_TOLD = 3;

/** Says of every sample that didn't go well which it is, where, and what was expected. */
export function assertAllAsExpected(tries: readonly SampleTried[]): void {
  const failed = tries.filter(({ error, unmet }) => error !== undefined || unmet.length > 0);
  if (failed.length === 0) return;
  const told = failed.flatMap(({ sample, error, unmet }) =>
    error === undefined
      ? unmet.map(({ path, expected, got }) => `tryOn[${sample}]: ${path}: expected ${expected}, got ${got}`)
      : [`tryOn[${sample}]: it failed: ${error}`],
  );
  const more = told.length > MAX_TOLD ? `; and ${told.length - MAX_TOLD} more` : '';
  throw ApplicationFailure.nonRetryable(
    `${told.slice(0, MAX_TOLD).join('; ')}${more}. Nothing was changed`,
    failed.some(({ error }) => error !== undefined) ? 'ValidationFailed' : 'ExpectationFailed',
    failed,
  );
}
