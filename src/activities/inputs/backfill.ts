import { z } from 'zod';
import { operations } from '../../operations/index.ts';
import { syncOptions, syncSourceInput, syncTaskInput } from './sync.ts';
import { asWritten, duration, intent, timezone } from './vocabulary.ts';

/** More ids than this don't fit into what a workflow hands on to itself. */
const MAX_ITEMS = 20_000;
/** The items stand in every history of the backfill, and the server refuses more than 2 MB at a time. */
const MAX_ITEMS_BYTES = 1_500_000;
const MAX_PARALLEL = 100;

/** Which tasks, as `listTasks` filters them; unless it says otherwise, the enabled ones. */
export const taskFilter = operations.listTasks.input.omit({ itemsPerPage: true, page: true, sort: true, order: true });

const timeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'expected a time of day such as "22:00"');

/** Hours of the day; from 22:00 to 06:00 is over midnight. */
const timeWindow = z
  .strictObject({ from: timeOfDay, to: timeOfDay, timezone: timezone.default('UTC') })
  .refine(({ from, to }) => from !== to, 'from and to are the same: leave the window out, or name two times');

const { failWorkflow: _, ...options } = syncOptions;
const shared = {
  /** How to sync, where an item doesn't say. A verdict lists five failures rather than fifty: there will be many. */
  run: z.strictObject({ ...options, maxFailures: options.maxFailures.default(5) }).prefault({}),
  /** How many at a time. */
  maxParallel: z.int().min(1).max(MAX_PARALLEL).default(2),
  /** The pause from one start to the next. */
  between: duration.optional(),
  /** After so many verdicts that aren't good, nothing more is started. */
  stopAfterFailures: z.int().min(1).optional(),
  /** When items may be started; one that has begun goes on. */
  window: timeWindow.optional(),
  /** Whether anything but good verdicts fails the workflow. */
  failWorkflow: z.boolean().default(true),
  ...intent,
};

export const backfillInput = z
  .strictObject({
    /** What `syncTask` or `syncSource` take, each as it stands. */
    items: z
      .array(asWritten(z.union([syncTaskInput, syncSourceInput])))
      .min(1)
      .max(MAX_ITEMS)
      .optional(),
    taskFilter: taskFilter.transform((filter) => ({ enabled: true, ...filter })).optional(),
    ...shared,
  })
  .check((ctx) => {
    const { items, taskFilter: filter } = ctx.value;
    const complain = (path: PropertyKey[], message: string) =>
      ctx.issues.push({ code: 'custom', message, path, input: undefined });
    if ((items === undefined) === (filter === undefined))
      complain(['items'], 'name what to sync: either items or taskFilter');
    const seen = new Map<string, number>();
    for (const [place, item] of (items ?? []).entries()) {
      const id = 'taskID' in item ? `task ${item.taskID}` : `source ${item.sourceID}`;
      const first = seen.get(id);
      if (first !== undefined) complain(['items', place], `${id} stands in items[${first}] already`);
      else seen.set(id, place);
    }
    if (items && Buffer.byteLength(JSON.stringify(items)) > MAX_ITEMS_BYTES)
      complain(['items'], `more than ${MAX_ITEMS_BYTES / 1_000_000} MB: make several backfills of them`);
  });
