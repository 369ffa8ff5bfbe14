import { z } from 'zod';
import { freeObject } from '../../operations/operation.ts';
import { asWritten, duration, id } from './vocabulary.ts';
import { sources } from '../../operations/sources.ts';

/** How to sync: everything but which task. */
export const syncOptions = {
  /** When the task runs already: adopt that run, wait for it and run again, skip, or fail. */
  onBusy: z.enum(['adopt', 'wait', 'skip', 'fail']).default('adopt'),
  /** How long the run may take. */
  maxDuration: duration.default('2h'),
  /** How long it may show no progress. */
  noProgressFor: duration.default('30m'),
  /** How many further runs to start after one that failed for a passing reason. */
  newRuns: z.int().min(0).max(10).default(1),
  /** What an empty run is. */
  onEmpty: z.enum(['ok', 'warn', 'fail']).default('ok'),
  /** How many failed events to list in the result. */
  maxFailures: z.int().min(0).max(500).default(50),
  /** Copied to the run that is created. */
  runMetadata: freeObject.optional(),
  /** Whether anything but a good verdict fails the workflow. */
  failWorkflow: z.boolean().default(true),
  /** Algolia can't stop a run; this at least stops the next ones. */
  onCancel: z.enum(['report', 'disableTask']).default('report'),
};

export const syncTaskInput = z.strictObject({ taskID: id, ...syncOptions });

export const syncSourceInput = z.strictObject({
  sourceID: id,
  runSourcePayload: asWritten(sources.runSource.input.shape.runSourcePayload).optional(),
  maxDuration: syncOptions.maxDuration,
  noProgressFor: syncOptions.noProgressFor,
  onEmpty: syncOptions.onEmpty,
  maxFailures: syncOptions.maxFailures,
  failWorkflow: syncOptions.failWorkflow,
});
