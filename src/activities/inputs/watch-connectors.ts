import { z } from 'zod';
import { taskFilter } from './backfill.ts';
import { syncOptions } from './sync.ts';
import { approvalBy, duration, id, intent } from './vocabulary.ts';

/** They stand in every history of every tick. */
const MAX_EXPECTED = 5_000;

const channel = z.string().min(1);

export const watchConnectorsInput = z
  .strictObject({
    /** Tasks that must exist and succeed every so often. */
    expect: z
      .array(z.strictObject({ taskID: id, maxAge: duration }))
      .min(1)
      .max(MAX_EXPECTED)
      .optional(),
    /** Further tasks, as `listTasks` filters them. */
    taskFilter: taskFilter.optional(),
    /** How long ago the last success of those may be; absent: however long. */
    maxAge: duration.optional(),
    /** How long a run may go on. */
    maxRunTime: duration.default('6h'),
    /** For how long temporary indices and authentications that nothing uses may lie about. */
    leftoverAfter: duration.default('24h'),
    /** The channels that are told, of the worker's approval policies file. */
    alert: z.union([channel.transform((name) => [name]), z.array(channel).min(1)]),
    /** How often an alert is repeated while its problem lasts. */
    repeatAlertEvery: duration.default('24h'),
    /** Whether people are asked to enable a disabled task again. */
    onDisabled: z.enum(['alert', 'askApproval']).default('alert'),
    /** The policy of that approval. */
    approval: approvalBy.optional(),
  })
  .check((ctx) => {
    const complain = (field: string, message: string) =>
      ctx.issues.push({ code: 'custom', message, path: [field], input: undefined });
    const { expect, taskFilter: filter, maxAge } = ctx.value;
    if (expect === undefined && filter === undefined)
      complain('expect', 'name what to watch: expect, taskFilter, or both');
    if (maxAge !== undefined && filter === undefined)
      complain('maxAge', 'is for the tasks of taskFilter; those of expect have their own');
    if (filter?.enabled === true)
      complain('taskFilter', 'with "enabled": true a task that gets disabled would silently be watched no more');
  });

/** A sync that fails must undo it, so that is not for the caller to say. */
const { failWorkflow: _, ...run } = syncOptions;

export const reenableTaskInput = z.strictObject({
  taskID: id,
  /** How to sync it then, as a test. */
  run: z.strictObject(run).prefault({}),
  approval: approvalBy.optional(),
  ...intent,
});
