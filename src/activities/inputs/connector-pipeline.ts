import { z } from 'zod';
import { connector, oneAuthentication } from './provision-connector.ts';
import { rotateApiKeyInput } from './rotate-api-key.ts';
import { syncOptions } from './sync.ts';
import { approvalBy, asWritten } from './vocabulary.ts';

/** A sync that fails must fail the pipeline, so that is not for the caller to say. */
const { failWorkflow: _, ...run } = syncOptions;

export const connectorPipelineInput = z
  .strictObject({
    ...connector,
    /** The policy of the approval before the first run; there always is one. */
    approval: approvalBy.optional(),
    /** How to sync. */
    run: z.strictObject(run).prefault({}),
    /** How to rotate the API key after the first sync, if at all: the input of `rotateApiKey`. */
    thenRotate: asWritten(rotateApiKeyInput).optional(),
  })
  .check(oneAuthentication)
  .check((ctx) => {
    if (typeof ctx.value.thenRotate !== 'object' || !('requestedBy' in ctx.value.thenRotate)) return;
    ctx.issues.push({
      code: 'custom',
      message: 'unknown field: who requested the pipeline requested the rotation',
      path: ['thenRotate', 'requestedBy'],
      input: ctx.value.thenRotate.requestedBy,
    });
  });
