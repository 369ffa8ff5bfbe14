import { z } from 'zod';
import { noSuch } from '../../near-names.ts';
import { operationNames, operations, type OperationName } from '../../operations/index.ts';
import { approvalBy, intent } from './vocabulary.ts';

/** Any single operation, for the Web UI and schedules. */
export const callOperationInput = z
  .strictObject({
    operation: z.enum(operationNames as [OperationName, ...OperationName[]], {
      error: noSuch('operation', operationNames),
    }),
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
    const operation = operations[name];
    const parsed = operation.input.safeParse(params ?? (operation.body.from === 'argument' ? undefined : {}));
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
    effect: operations[value.operation].effect,
    deletes: operations[value.operation].method === 'DELETE',
  }));
