import { Argument, type Command } from 'commander';
import type { MissingPart, OwnCron, TakeOverCronsInput } from '../activities/take-over-crons.ts';
import { applySchedules } from '../schedules/apply-schedules.ts';
import { syncedBy } from '../schedules/own-crons.ts';
import { planSchedules, type PlannedSchedule } from '../schedules/plan-schedules.ts';
import { loadSchedules, type DeclaredSchedule, type SchedulesFile } from '../schedules/schedules-file.ts';
import { callActivity } from './call-activity.ts';
import { offer, offerFiles } from './complete.ts';
import { addExamples } from './examples.ts';
import { CliError } from './exit.ts';
import { print, printJson, remark } from './output.ts';
import { isPolled, noWorker } from './pollers.ts';
import { withTemporal, type Session } from './temporal.ts';

interface ApplyCommandOptions {
  readonly dryRun?: true;
  readonly prune?: true;
  readonly json?: true;
}

export function addSchedulesApplyCommand(schedules: Command): void {
  const command = schedules
    .command('apply')
    .summary('create, update, pause and delete schedules')
    .description(
      'Shows where the schedules differ from the file, and makes them as it says. Applied again, it changes nothing.',
    )
    .addArgument(offer(new Argument('<file>', 'YAML, such as config/schedules.yaml'), offerFiles))
    .option('--dry-run', 'show the differences only')
    .option('--prune', "delete the schedules of the file's project that are not in the file")
    .option(
      '--json',
      'print {schedules: [{scheduleId, change, differences}], crons, missing, created, updated, deleted}',
    )
    .addHelpText(
      'after',
      `
A task that a schedule syncs may have a cron of its own at Algolia: then it would run twice. Such a task is refused, unless the
schedule says takeOverCron: true; then its cron is cleared. A task or source that is not there is told. A worker must be running
for that to be looked at.`,
    )
    .action(async (path: string, options: ApplyCommandOptions) => {
      const file = loadSchedules(path);
      await withTemporal((session) => apply(session, file, options));
    });
  addExamples(command, [
    'algolia-ingestion schedules apply config/schedules.yaml --dry-run',
    'algolia-ingestion schedules apply config/schedules.yaml --prune',
  ]);
}

async function apply(session: Session, file: SchedulesFile, options: ApplyCommandOptions): Promise<void> {
  const { client, config } = session;
  const { dryRun = false, prune = false, json } = options;
  const plan = await planSchedules(client, file, config.taskQueue);
  const { crons, missing } = await lookAtSynced(session, file);
  const show = json ? remark : print;
  if (!json) for (const line of describePlan(plan, prune)) show(line);
  for (const { cron, declared } of crons) show(describeCron(cron, declared));
  for (const { part, declared } of missing) show(describeMissing(part, declared));
  refuseTwoOwners(crons);
  const done = dryRun
    ? { created: 0, updated: 0, deleted: 0 }
    : await applySchedules(client, file, plan, { taskQueue: config.taskQueue, prune });
  // After the schedules are there: rather a run too many than a task that nobody runs.
  if (!dryRun) await clearCrons(session, file, crons);
  if (json) {
    const schedules = plan.map(({ scheduleId, change, differences }) => ({
      scheduleId,
      change: change === 'foreign' && prune ? 'delete' : change,
      differences,
    }));
    return printJson({
      schedules,
      crons: crons.map(({ cron }) => cron),
      missing: missing.map(({ part, declared }) => ({ ...part, scheduleId: `${file.project}/${declared.id}` })),
      ...done,
    });
  }
  const unchanged = plan.filter(({ change }) => change === 'none').length;
  print(
    dryRun
      ? 'Nothing was changed: --dry-run.'
      : `${done.created} created, ${done.updated} updated, ${done.deleted} deleted, ${unchanged} unchanged`,
  );
}

function describePlan(plan: readonly PlannedSchedule[], prune: boolean): string[] {
  return plan.flatMap(({ scheduleId, change, differences, shape }) => {
    switch (change) {
      case 'create':
        return [`+ ${scheduleId}: ${shape?.workflow}, ${shape?.when} (${shape?.timezone})`];
      case 'update':
        return [
          `~ ${scheduleId}`,
          ...differences.map(({ field, is, wanted }) => `    ${field}: ${is || '""'} → ${wanted || '""'}`),
        ];
      case 'foreign':
        return prune ? [`- ${scheduleId}`] : [`? ${scheduleId} is not in the file; --prune deletes it`];
      case 'none':
        return [];
    }
  });
}

interface FoundCron {
  readonly cron: OwnCron;
  readonly declared: DeclaredSchedule;
}

interface Synced {
  readonly crons: readonly FoundCron[];
  readonly missing: readonly { readonly part: MissingPart; readonly declared: DeclaredSchedule }[];
}

/** What Algolia has of that which is synced. The worker looks, which has the key. */
async function lookAtSynced(session: Session, file: SchedulesFile): Promise<Synced> {
  const crons: FoundCron[] = [];
  const missing: Synced['missing'][number][] = [];
  const found = { crons, missing };
  const syncing = file.schedules.filter((declared) => Object.values(syncedBy(declared)).some((ids) => ids.length > 0));
  if (syncing.length === 0) return found;
  const taskQueue = file.taskQueue ?? session.config.taskQueue;
  if (!(await isPolled({ ...session, config: { ...session.config, taskQueue } }, 'activities'))) {
    const why = `${noWorker(taskQueue)} Whether Algolia runs the same tasks by itself`;
    if (syncing.some(({ takeOverCron }) => takeOverCron))
      throw new CliError(`${why} can't be seen, nor ended. Nothing was changed.`);
    remark(`${why} was not looked at, nor whether it has them.`);
    return found;
  }
  for (const declared of syncing)
    for (const part of await takeOver(session, file, { ...syncedBy(declared), clear: false, tellMissing: true }))
      if ('missing' in part) missing.push({ part, declared });
      else crons.push({ cron: part, declared });
  return found;
}

async function clearCrons(session: Session, file: SchedulesFile, crons: readonly FoundCron[]): Promise<void> {
  if (crons.length === 0) return;
  const taskIDs = crons.map(({ cron }) => cron.taskID);
  const cleared = await takeOver(session, file, { taskIDs, sourceIDs: [], clear: true });
  const left = cleared.flatMap((cron) => ('missing' in cron || cron.cleared ? [] : cron.taskID));
  if (left.length > 0)
    throw new CliError(
      `Algolia kept the cron of ${left.join(', ')} although the task was replaced without it: clear it there, or the task runs twice.`,
    );
}

const takeOver = (session: Session, { taskQueue }: SchedulesFile, input: TakeOverCronsInput) =>
  callActivity(session, 'takeOverCrons', [input], taskQueue);

const describeCron = ({ taskID, cron }: OwnCron, { id, takeOverCron }: DeclaredSchedule) =>
  takeOverCron
    ? `! task ${taskID} of ${id}: its own cron at Algolia, ${cron}, is CLEARED`
    : `! task ${taskID} of ${id} runs at Algolia by its own cron, ${cron}`;

const describeMissing = ({ missing, id }: MissingPart, declared: DeclaredSchedule) =>
  `! ${missing} ${id} of ${declared.id} is not there at Algolia: its sync fails until it is`;

function refuseTwoOwners(crons: readonly FoundCron[]): void {
  const refused = crons.filter(({ declared }) => !declared.takeOverCron);
  if (refused.length === 0) return;
  const tasks = refused.map(({ cron, declared }) => `${cron.taskID} (${declared.id})`).join(', ');
  throw new CliError(
    `Two owners run a task twice: ${tasks}. Say takeOverCron: true to have the cron at Algolia cleared, or clear it yourself. Nothing was changed.`,
  );
}
