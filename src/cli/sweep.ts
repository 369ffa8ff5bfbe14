import { Option, type Command } from 'commander';
import { cliCommand } from '../config.ts';
import type { TemporaryIndex } from '../activities/index-sweep.ts';
import { callActivity } from './call-activity.ts';
import { durationOption } from './duration-option.ts';
import { addExamples } from './examples.ts';
import { print, printJson, remark, table } from './output.ts';
import { assertPolled } from './pollers.ts';
import { withTemporal, type Session } from './temporal.ts';

const DEFAULT_AGE_MS = 24 * 60 * 60_000;

interface SweepOptions {
  readonly delete?: true;
  readonly olderThan: number;
  readonly json?: true;
}

export function addSweepCommand(program: Command): void {
  const command = program
    .command('sweep')
    .description(
      'Lists the temporary indices of replaceAllRecords, and with --delete deletes those that are left over.\nA replace deletes its own; one that was terminated, or whose move was never answered, leaves it behind.',
    )
    .option('--delete', 'delete what is left over')
    .addOption(
      new Option('--older-than <duration>', 'leave alone what has changed since')
        .argParser(durationOption)
        .default(DEFAULT_AGE_MS, '24h'),
    )
    .option('--json', 'print an array of {indexName, of, records, changedAt, state, workflowID}')
    .addHelpText(
      'after',
      `
States: leftover (--delete deletes it), deleted, inUse (its replace is running), young (has changed of late).`,
    )
    .action(async (options: SweepOptions) => {
      const found = await withTemporal((session) => sweep(session, options));
      if (options.json) return printJson(found);
      if (found.length === 0) return remark('There are no temporary indices.');
      print(
        table(
          ['INDEX', 'OF', 'RECORDS', 'CHANGED', 'STATE', 'WORKFLOW'],
          found.map(({ indexName, of, records, changedAt = '', state, workflowID }) => [
            indexName,
            of,
            String(records),
            changedAt,
            state,
            workflowID,
          ]),
        ),
      );
      const leftover = found.filter(({ state }) => state === 'leftover').length;
      if (leftover > 0) remark(`${leftover} left over; \`${cliCommand()} sweep --delete\` deletes them.`);
    });
  addExamples(command, ['algolia-ingestion sweep', 'algolia-ingestion sweep --delete --older-than 48h']);
}

/** On the worker, which has the key. */
async function sweep(session: Session, options: SweepOptions): Promise<TemporaryIndex[]> {
  await assertPolled(session);
  const input = { olderThanMs: options.olderThan, delete: options.delete ?? false };
  return callActivity(session, 'sweepTemporaryIndices', [input]);
}
