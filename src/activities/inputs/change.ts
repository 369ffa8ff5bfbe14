import { z } from 'zod';
import { AuthenticationUpdate } from '../../operations/authentications.ts';
import { SourceUpdate } from '../../operations/sources.ts';
import { syncOptions } from './sync.ts';
import { approvalBy, asWritten, duration, id, intent } from './vocabulary.ts';

/** A sync that fails must undo the change, and one that began before it proves nothing, so neither is for the caller to say. */
const { failWorkflow: _, ...options } = syncOptions;
export const run = { ...options, onBusy: z.enum(['wait', 'fail']).default('wait') };

export const changeSourceInput = z.strictObject({
  sourceID: id,
  sourceUpdate: asWritten(
    SourceUpdate.refine((update) => Object.values(update).some((value) => value !== undefined), 'changes nothing'),
  ),
  /** The task to sync after the change. Default: the source's only one, if there is just one. */
  taskID: id.optional(),
  run: z.strictObject(run).prefault({}),
  approval: approvalBy.optional(),
  ...intent,
});

export const rotateAuthenticationInput = z.strictObject({
  authenticationID: id,
  /** The whole input of the new authentication, which has the type and platform of the old one. */
  newInput: asWritten(AuthenticationUpdate.shape.input.unwrap()),
  /** A task that uses the authentication, to be synced with the new one as a test. */
  canaryTaskID: id.optional(),
  /** For how long the old one is kept after nothing uses it any more: until then there is a way back. */
  overlap: duration.default('1h'),
  /** How long runs that began with the old one may take to end. */
  drainTimeout: duration.default('2h'),
  run: z.strictObject(run).prefault({}),
  approval: approvalBy.optional(),
  ...intent,
});
