import { z } from 'zod';
import { noSuch } from '../../algolia/near-names.ts';
import { parseWorded } from '../../algolia/wording.ts';
import { callableNames, callables } from '../../operations/client-side.ts';
import { approvalBy, intent } from './vocabulary.ts';

/** Any single operation, for the Web UI and schedules. */
export const callOperationInput = z
  .strictObject({
    operation: z.enum(callableNames, { error: noSuch('operation', callableNames) }),
    /** The operation's own argument. */
    params: z.unknown().optional(),
    /** The operation's name again: asked of everything that writes. */
    confirm: z.string().optional(),
    /** Which policy approves a delete. */
    approval: approvalBy.optional(),
    ...intent,
  })
  .check((ctx) => {
    const { operation: name, params, confirm } = ctx.value;
    const operation = callables[name];
    const isBody = 'body' in operation && operation.body.from === 'argument';
    const parsed = parseWorded(operation.input, params ?? (isBody ? undefined : {}));
    if (!parsed.success) {
      ctx.issues.push(
        ...parsed.error.issues.map((issue) => ({ ...issue, path: ['params', ...issue.path] }) as z.core.$ZodRawIssue),
      );
    }
    if (operation.effect !== 'read' && confirm !== name) {
      ctx.issues.push({
        code: 'custom',
        message: `${name} changes something: confirm it with "confirm": "${name}"`,
        path: ['confirm'],
        input: confirm,
      });
    }
  })
  .transform((value) => ({
    ...value,
    effect: callables[value.operation].effect,
    deletes: callables[value.operation].method === 'DELETE',
    /** Not in histories of 0.1, which replay without it: a patch would cost each call two events more. */
    tellsOutcome: true as boolean,
  }));
