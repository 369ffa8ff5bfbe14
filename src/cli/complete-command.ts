import type { Command } from 'commander';
import { candidatesFor } from './complete.ts';
import { print } from './output.ts';

/** What the scripts of `completion` call. Not for people, so it isn't listed. */
export const COMPLETE = '__complete';

export function addCompleteCommand(program: Command): void {
  program
    .command(COMPLETE, { hidden: true })
    .argument('[words...]')
    .action(async (words: string[]) => {
      const candidates = await candidatesFor(program, words);
      if (candidates.length > 0) print(candidates.map(({ value, about = '' }) => `${value}\t${about}`).join('\n'));
    });
}
