import type { Command } from 'commander';
import { addSchedulesApplyCommand } from './schedules-apply.ts';
import { addSchedulesDeleteCommand } from './schedules-delete.ts';
import { addSchedulesListCommand } from './schedules-list.ts';

export function addSchedulesCommand(program: Command): void {
  const schedules = program
    .command('schedules')
    .description(
      'Temporal schedules as code: a YAML file says which there are, and they are made so.\nEvery id begins with the project of the file, which no other file should have.',
    );
  addSchedulesApplyCommand(schedules);
  addSchedulesListCommand(schedules);
  addSchedulesDeleteCommand(schedules);
}
