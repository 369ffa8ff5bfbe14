import type { Client, ScheduleDescription } from '@temporalio/client';
import { Argument, type Command } from 'commander';
import { actualShape } from '../schedules/schedule-shape.ts';
import { describe, listIds, planSchedules, type PlannedSchedule } from '../schedules/plan-schedules.ts';
import { loadSchedules } from '../schedules/schedules-file.ts';
import { offer, offerFiles } from './complete.ts';
import { addExamples } from './examples.ts';
import { print, printJson, remark, table } from './output.ts';
import { withTemporal, type Session } from './temporal.ts';

const NEXT_SHOWN = 3;

/** A schedule as a person wants to see it. */
export interface ListedSchedule {
  readonly scheduleId: string;
  readonly state: 'fine' | 'drift' | 'missing' | 'foreign' | 'unmanaged';
  readonly when: string;
  readonly workflow: string;
  readonly paused: boolean;
  readonly note?: string;
  readonly next: readonly string[];
  readonly last?: { readonly at: string; readonly workflowId: string; readonly status: string };
  readonly taken: number;
  readonly missed: number;
  /** Not started because the run before was still going on. */
  readonly skipped: number;
  readonly running: readonly string[];
  readonly differences: PlannedSchedule['differences'];
}

export function addSchedulesListCommand(schedules: Command): void {
  const command = schedules
    .command('list')
    .summary('show next runs, last results, and drift from the file')
    .description(
      'Lists the schedules of a file, or without one all that start workflows on the task queue of TASK_QUEUE.',
    )
    .addArgument(offer(new Argument('[file]', 'YAML, such as config/schedules.yaml'), offerFiles))
    .option(
      '--json',
      'print an array of {scheduleId, state, when, workflow, paused, note?, next, last?, taken, missed, skipped, running, differences}',
    )
    .addHelpText(
      'after',
      `
States: fine, drift (differs from the file; \`schedules apply\` puts it right), missing (in the file only), foreign (of the
file's project, but not in the file), unmanaged (no file was given).`,
    )
    .action(async (path: string | undefined, { json }: { json?: true }) => {
      const file = path === undefined ? undefined : loadSchedules(path);
      const listed = await withTemporal(async (session) => {
        const plan = file
          ? await planSchedules(session.client, file, session.config.taskQueue)
          : await listQueue(session);
        return Promise.all(plan.map((planned) => listSchedule(session, planned, file !== undefined)));
      });
      if (json) return printJson(listed);
      if (listed.length === 0) return remark('There are no schedules.');
      print(table(['SCHEDULE', 'STATE', 'WHEN', 'NEXT', 'LAST', 'MISSED', 'SKIPPED'], listed.map(rowOf)));
      for (const { scheduleId, differences } of listed)
        for (const { field, is, wanted } of differences)
          print(`${scheduleId}: ${field} is ${is || '""'}, and the file says ${wanted || '""'}`);
    });
  addExamples(command, ['algolia-ingestion schedules list', 'algolia-ingestion schedules list config/schedules.yaml']);
}

async function listQueue({ client, config }: Session): Promise<PlannedSchedule[]> {
  const ids = await listIds(client, '');
  const described = await Promise.all(ids.map((id) => describeOnQueue(client, id, config.taskQueue)));
  return described.flatMap((actual) =>
    actual?.action.taskQueue === config.taskQueue
      ? [{ scheduleId: actual.scheduleId, change: 'none' as const, differences: [], actual }]
      : [],
  );
}

/** What starts workflows on other queues may be written in a way that nobody here can read. */
async function describeOnQueue(
  client: Client,
  scheduleId: string,
  taskQueue: string,
): Promise<ScheduleDescription | undefined> {
  try {
    return await describe(client, scheduleId);
  } catch (error) {
    const { namespace } = client.options;
    const { schedule } = await client.workflowService.describeSchedule({ namespace, scheduleId });
    if (schedule?.action?.startWorkflow?.taskQueue?.name !== taskQueue) return undefined;
    throw error;
  }
}

async function listSchedule(session: Session, planned: PlannedSchedule, hasFile: boolean): Promise<ListedSchedule> {
  const { scheduleId, change, differences, actual, shape } = planned;
  const is = actual ? actualShape(actual) : shape;
  const last = actual && (await lastResult(session, actual));
  return {
    scheduleId,
    state: hasFile ? STATES[change] : 'unmanaged',
    when: `${is?.when} (${is?.timezone})`,
    workflow: is?.workflow ?? '',
    paused: is?.paused === 'true',
    ...(is?.note ? { note: is.note } : {}),
    next: actual?.state.paused
      ? []
      : (actual?.info.nextActionTimes ?? []).slice(0, NEXT_SHOWN).map((at) => at.toISOString()),
    ...(last ? { last } : {}),
    taken: actual?.info.numActionsTaken ?? 0,
    missed: actual?.info.numActionsMissedCatchupWindow ?? 0,
    skipped: actual?.info.numActionsSkippedOverlap ?? 0,
    running: actual?.info.runningActions.map(({ workflow }) => workflow.workflowId) ?? [],
    differences,
  };
}

const STATES = { create: 'missing', update: 'drift', none: 'fine', foreign: 'foreign' } as const;

async function lastResult({ client }: Session, { info }: ScheduleDescription): Promise<ListedSchedule['last']> {
  const last = info.recentActions.at(-1);
  if (!last) return undefined;
  const { workflowId } = last.action.workflow;
  const status = await client.workflow
    .getHandle(workflowId)
    .describe()
    .then((description) => description.status.name.toLowerCase())
    // Past the retention, or never registered.
    .catch(() => 'unknown');
  return { at: last.takenAt.toISOString(), workflowId, status };
}

function rowOf({ scheduleId, state, when, paused, note, next, last, missed, skipped }: ListedSchedule): string[] {
  const comes = paused ? `paused${note ? `: ${note}` : ''}` : (next[0] ?? 'never');
  return [scheduleId, state, when, comes, last ? `${last.status} ${last.at}` : '', String(missed), String(skipped)];
}
