import { ScheduleOverlapPolicy } from '@temporalio/client';
import { msToNumber } from '@temporalio/common/lib/time.js';
import { z } from 'zod';
import { workflowInputs, type WorkflowType } from '../activities/check-input.ts';
import { noSuch } from '../algolia/near-names.ts';
import { parseWorded } from '../algolia/wording.ts';
import { duration, timezone } from '../activities/inputs/vocabulary.ts';
import { readYamlFile } from '../yaml-file.ts';
import { formatCron, parseCron } from './cron-fields.ts';

const OVERLAPS = Object.values(ScheduleOverlapPolicy).filter((value) => value !== undefined);
type Overlap = (typeof OVERLAPS)[number];
/** The server takes no shorter one. */
const MIN_CATCHUP_MS = 10_000;
const MIN_EVERY_MS = 1_000;

const ms = duration.transform((text) => msToNumber(text as '1h'));
const name = (example: string) =>
  z.string().regex(/^[\w.-]+$/, `expected letters, digits, ., - and _, such as "${example}"`);

const cron = z.string().check((ctx) => {
  try {
    parseCron(ctx.value);
  } catch (error) {
    ctx.issues.push({ code: 'custom', message: (error as Error).message, input: ctx.value });
  }
});

/** `skip`, `bufferOne` or as Temporal writes it, `BUFFER_ONE`. */
const overlap = z.string().transform((text, ctx): Overlap => {
  const wanted = text.replace(/([a-z])([A-Z])/g, '$1_$2').toUpperCase();
  const found = OVERLAPS.find((value) => value === wanted);
  if (found) return found;
  ctx.addIssue({ code: 'custom', message: `expected one of ${OVERLAPS.join(', ')}` });
  return z.NEVER;
});

const CAPITALS = 'expected capitals where the tz database has them, such as in "Europe/Berlin" or "UTC"';

/** Temporal's server finds a time zone by its name as the tz database writes it; here it is found in any case. */
function isWrittenAsInDatabase(name: string): boolean {
  if (!/^[A-Z][^/]*(\/[A-Z][^/]*)*$/.test(name)) return false;
  const known = new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone;
  return known === name || known.toLowerCase() !== name.toLowerCase();
}

const types = Object.keys(workflowInputs) as [WorkflowType, ...WorkflowType[]];

const schedule = z
  .strictObject({
    id: name('nightly-products'),
    /** Five fields, in `timezone`. */
    cron: cron.optional(),
    /** Counted from midnight of 1970-01-01, UTC. */
    every: ms.refine((value) => value >= MIN_EVERY_MS, 'a second at least').optional(),
    timezone: timezone.pipe(z.string().refine(isWrittenAsInDatabase, CAPITALS)).default('UTC'),
    /** Each start is late by a random time up to this. */
    jitter: ms.default(0),
    workflow: z.enum(types, { error: noSuch('workflow', types) }),
    input: z.unknown(),
    /** What happens to a start while the one before is still running. */
    overlap: overlap.default('SKIP'),
    /** How late a start may be that the server could not make in time. The server's own default is a year. */
    catchupWindow: ms.default(600_000).refine((value) => value >= MIN_CATCHUP_MS, 'ten seconds at least'),
    pauseOnFailure: z.boolean().default(false),
    /** Absent: left to people. */
    paused: z.boolean().optional(),
    note: z.string().optional(),
    /** Whether a cron that a task of this schedule has at Algolia is cleared; else such a task is refused. */
    takeOverCron: z.boolean().default(false),
  })
  .check((ctx) => {
    const { cron: given, every, workflow, input, overlap: policy, pauseOnFailure } = ctx.value;
    const complain = (path: PropertyKey[], message: string) =>
      ctx.issues.push({ code: 'custom', message, path, input: undefined });
    if ((given === undefined) === (every === undefined)) complain(['cron'], 'say when: either cron or every');
    const parsed = parseWorded(workflowInputs[workflow], input);
    if (!parsed.success)
      ctx.issues.push(
        ...parsed.error.issues.map((issue) => ({ ...issue, path: ['input', ...issue.path] }) as z.core.$ZodRawIssue),
      );
    if (pauseOnFailure && policy === 'ALLOW_ALL')
      complain(['pauseOnFailure'], 'does not go with overlap ALLOW_ALL: others are running when one fails');
    if (pauseOnFailure && workflow === 'watchConnectors')
      complain(['pauseOnFailure'], 'would silence the alarm when nobody can be told');
  });

const file = z
  .strictObject({
    /** What the ids of all schedules of this file begin with. */
    project: name('algolia-ingestion').default('algolia-ingestion'),
    /** Default: the one that `TASK_QUEUE` names. */
    taskQueue: z.string().min(1).optional(),
    schedules: z.array(schedule),
  })
  .check((ctx) => {
    const seen = new Map<string, number>();
    for (const [place, { id }] of ctx.value.schedules.entries()) {
      const first = seen.get(id);
      if (first !== undefined)
        ctx.issues.push({
          code: 'custom',
          path: ['schedules', place, 'id'],
          message: `schedules[${first}] has the id '${id}' already`,
          input: id,
        });
      seen.set(id, first ?? place);
    }
  });

export type SchedulesFile = z.output<typeof file>;
/** A schedule as its file declares it, with all defaults; durations in ms. */
export type DeclaredSchedule = SchedulesFile['schedules'][number];

/** Reads and checks a file of schedules, or throws `ConfigError` naming the file and every wrong place. */
export const loadSchedules = (path: string): SchedulesFile => readYamlFile(path, file);

/** When, in words: `every 15m`, `cron 0 3 * * *`. */
export const cronText = (text: string): string => `cron ${formatCron(parseCron(text))}`;
