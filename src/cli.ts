#!/usr/bin/env node
import { createProgram } from './cli/program.ts';
import { report } from './cli/report.ts';

/** `algolia-ingestion …`: what people and scripts ask of Temporal and of the worker. It needs no key of Algolia's. */
async function main(): Promise<void> {
  const program = await createProgram(process.argv.slice(2));
  await program.parseAsync();
}

// `… | head` ends the reader, not us with a stack trace.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

main().catch(async (error: unknown) => {
  const { message, exitCode } = await report(error);
  process.exitCode = exitCode;
  if (message === undefined) return;
  process.stderr.write(`${message}\n`);
  if (await wantsStacks()) process.stderr.write(`${(error as Error).stack ?? ''}\n`);
});

async function wantsStacks(): Promise<boolean> {
  try {
    const { loadCliConfig } = await import('./config.ts');
    return ['debug', 'trace'].includes(loadCliConfig().logLevel);
  } catch {
    return false;
  }
}
