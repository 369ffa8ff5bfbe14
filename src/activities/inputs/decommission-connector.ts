import { z } from 'zod';
import { approvalBy, duration, id, intent } from './vocabulary.ts';

const part = z.enum(['destination', 'source', 'transformation', 'authentication']);

export const decommissionConnectorInput = z.strictObject({
  taskID: id,
  /** What else of the connector to delete; what something else uses is kept. */
  alsoDelete: z.array(part).default([]),
  /** How long runs that are going on may take to end. */
  drain: duration.default('30m'),
  approval: approvalBy.optional(),
  ...intent,
});
