import { Command } from 'commander';
import { readPackage } from '../read-package.ts';
import { commands } from './commands.ts';
import { addCompleteCommand } from './complete-command.ts';
import { EXIT_HELP } from './exit.ts';

/** The program, with the commands that these words name in full, and of the others only what the list says of them. */
export async function createProgram(words: readonly string[]): Promise<Command> {
  const program = new Command('algolia-ingestion')
    .description('Durable Algolia ingestion on Temporal.')
    .version(readPackage().version)
    .exitOverride()
    .showHelpAfterError('`--help` behind the command tells more.')
    .addHelpText('after', EXIT_HELP);
  for (const [name, { summary, add }] of Object.entries(commands)) {
    if (words.includes(name)) await add(program);
    else program.command(name);
    program.commands.find((command) => command.name() === name)?.summary(summary);
  }
  addCompleteCommand(program);
  return program;
}
