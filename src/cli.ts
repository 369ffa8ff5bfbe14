#!/usr/bin/env node
import { Command } from 'commander';
import { addApprovalsCommand } from './cli/approvals.ts';
import { addCallCommand } from './cli/call.ts';
import { addCodecCommand } from './cli/codec.ts';
import { addDecideCommands } from './cli/decide.ts';
import { EXIT_HELP } from './cli/exit.ts';
import { addKeyCommand } from './cli/key.ts';
import { addOperationsCommand } from './cli/operations.ts';
import { report } from './cli/report.ts';
import { addSchedulesCommand } from './cli/schedules.ts';
import { addSearchAttributesCommand } from './cli/search-attributes.ts';
import { addSecretsCommand } from './cli/secrets.ts';
import { addStartCommand } from './cli/start.ts';
import { addStatusCommand } from './cli/status.ts';
import { addSweepCommand } from './cli/sweep.ts';
import { loadCliConfig } from './config.ts';

/** `algolia-ingestion …`: what people and scripts ask of Temporal and of the worker. It needs no key of Algolia's. */
async function main(): Promise<void> {
  const program = new Command('algolia-ingestion')
    .description('Durable Algolia ingestion on Temporal.')
    .exitOverride()
    .addHelpText('after', EXIT_HELP);
  addOperationsCommand(program);
  addCallCommand(program);
  addStartCommand(program);
  addStatusCommand(program);
  addApprovalsCommand(program);
  addDecideCommands(program);
  addSchedulesCommand(program);
  addSweepCommand(program);
  addKeyCommand(program);
  addSecretsCommand(program);
  addCodecCommand(program);
  addSearchAttributesCommand(program);
  await program.parseAsync();
}

// `… | head` ends the reader, not us with a stack trace.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

main().catch((error: unknown) => {
  const { message, exitCode } = report(error);
  process.exitCode = exitCode;
  if (message === undefined) return;
  process.stderr.write(`${message}\n`);
  if (wantsStacks()) process.stderr.write(`${(error as Error).stack ?? ''}\n`);
});

function wantsStacks(): boolean {
  try {
    return ['debug', 'trace'].includes(loadCliConfig().logLevel);
  } catch {
    return false;
  }
}
