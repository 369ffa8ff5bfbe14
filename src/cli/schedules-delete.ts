import { Argument, type Command } from 'commander';
import { describe, placementOf } from '../schedules/plan-schedules.ts';
import { loadSchedules } from '../schedules/schedules-file.ts';
import { offer, offerFiles } from './complete.ts';
import { addExamples } from './examples.ts';
import { print, printJson } from './output.ts';
import { withTemporal } from './temporal.ts';

export function addSchedulesDeleteCommand(schedules: Command): void {
  const command = schedules
    .command('delete')
    .summary('delete the schedules of a file')
    .description('Deletes every schedule that the file names, and no other. What they have started goes on.')
    .addArgument(offer(new Argument('<file>', 'YAML, such as config/schedules.yaml'), offerFiles))
    .option('--dry-run', 'show what would be deleted')
    .option('--json', 'print {deleted: [scheduleId]}')
    .action(async (path: string, { dryRun, json }: { dryRun?: true; json?: true }) => {
      const file = loadSchedules(path);
      const deleted = await withTemporal(async ({ client, config }) => {
        const ids = file.schedules.map(({ id }) => placementOf(file, id, config.taskQueue).scheduleId);
        const found = await Promise.all(ids.map(async (id) => ((await describe(client, id)) ? [id] : [])));
        if (!dryRun) for (const id of found.flat()) await client.schedule.getHandle(id).delete();
        return found.flat();
      });
      if (json) return printJson({ deleted });
      for (const id of deleted) print(`- ${id}`);
      print(dryRun ? 'Nothing was changed: --dry-run.' : `${deleted.length} deleted`);
    });
  addExamples(command, [
    'algolia-ingestion schedules delete config/schedules.yaml --dry-run',
    'algolia-ingestion schedules delete config/schedules.yaml',
  ]);
}
