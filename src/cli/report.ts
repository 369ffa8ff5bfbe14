import { CommanderError } from 'commander';
import { CliError, EXIT, type ExitCode } from './exit.ts';

export interface Report {
  /** Absent when it has been said already. */
  readonly message?: string;
  readonly exitCode: ExitCode;
}

/** What a person is told of an error, and what the process ends with. */
export async function report(error: unknown): Promise<Report> {
  if (error instanceof CommanderError) return { exitCode: error.exitCode === 0 ? EXIT.fine : EXIT.usage };
  if (error instanceof CliError) return { message: error.message, exitCode: error.exitCode };
  // It knows Temporal's errors, which take long to load.
  const { reportFailure } = await import('./report-failure.ts');
  return reportFailure(error);
}
