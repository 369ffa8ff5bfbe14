import { z } from 'zod';
import { noSuch } from '../../near-names.ts';
import { clientOperations } from '../../operations/client-side.ts';
import { operations } from '../../operations/index.ts';
import { approvalBy, intent } from './vocabulary.ts';

const every = { ...operations, ...clientOperations };
type Name = keyof typeof every;
const names = Object.keys(every) as [Name, ...Name[]];

/** Any single operation, for the Web UI and schedules. */
export const callOperationInput = z
  .strictObject({
    operation: z.enum(names, { error: noSuch('operation', names) }),
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
    const operation = every[name];
    const isBody = 'body' in operation && operation.body.from === 'argument';
    const parsed = operation.input.safeParse(params ?? (isBody ? undefined : {}));
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
    effect: every[value.operation].effect,
    deletes: every[value.operation].method === 'DELETE',
  }));
