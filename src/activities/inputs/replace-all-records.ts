import { z } from 'zod';
import { resourceID } from '../../operations/operation.ts';
import { replaceLockID, temporaryIndexOf } from '../replace-names.ts';
import { pushRecordsInput, recordsRef } from './push-records.ts';
import { approvalBy, duration, intent } from './vocabulary.ts';

/**
 * A server on SQL takes 255 bytes for the id of the workflow that holds the lock, which names the application, in ten, and the index.
 * That leaves room for the temporary index's name, too: Algolia takes 256 bytes.
 */
const MAX_LOCKED_BYTES = 255 - replaceLockID('x'.repeat(10), '').length;

/** An index whose lock and temporary twin have a name too, and which is no such twin itself. */
const replaceableIndex = resourceID.check((ctx) => {
  const refuse = (message: string) => ctx.issues.push({ code: 'custom', message, input: ctx.value });
  if (Buffer.byteLength(ctx.value) > MAX_LOCKED_BYTES)
    refuse(`longer than ${MAX_LOCKED_BYTES} bytes, which leaves no room for the names that are made of it`);
  const twinOf = temporaryIndexOf(ctx.value);
  if (twinOf !== undefined) refuse(`this is a temporary index of a replace of '${twinOf}'; replace that one`);
});

export const replaceAllRecordsInput = z
  .strictObject({
    indexName: replaceableIndex,
    recordsRef,
    /** What of the index itself stays; what is left out is as in a new index. */
    scopes: z.array(z.enum(['settings', 'rules', 'synonyms'])).default(['settings', 'rules', 'synonyms']),
    /** What must be true of the new records before they replace the old. */
    guard: z
      .strictObject({
        /** How much smaller the index may become. */
        maxShrinkPercent: z.number().min(0).max(100).default(20),
        minRecords: z.int().min(1).default(1),
        /** How much of what is pushed may be missing in the index: for a transformation that drops records. */
        maxDroppedPercent: z.number().min(0).max(100).default(0),
      })
      .prefault({}),
    onGuard: z.enum(['fail', 'askApproval']).default('fail'),
    approval: approvalBy.optional(),
    /** When the index is being replaced already: fail, or wait until that replace is over. */
    onBusy: z.enum(['fail', 'wait']).default('fail'),
    /** How long to wait then. */
    maxWait: duration.default('24h'),
    batch: pushRecordsInput.shape.batch,
    maxParallel: pushRecordsInput.shape.maxParallel,
    ...intent,
  })
  .check((ctx) => {
    const { approval, onGuard } = ctx.value;
    if (approval && onGuard === 'fail')
      ctx.issues.push({
        code: 'custom',
        message: 'nobody is ever asked: set "onGuard": "askApproval" too, or leave the approval out',
        path: ['approval'],
        input: approval,
      });
  });
