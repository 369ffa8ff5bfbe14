/** What the process says when it ends; scripts may rely on it. */
export const EXIT = {
  fine: 0,
  failed: 1,
  /** Wrong arguments: nothing was sent. */
  usage: 2,
  /** There is no such workflow, or Algolia has no such resource. */
  notFound: 3,
  /** Somebody or something refused: an approval, a key, the Temporal server. */
  denied: 4,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Ends the command with one readable message. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exitCode: ExitCode;

  constructor(message: string, exitCode: ExitCode = EXIT.failed, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.exitCode = exitCode;
  }
}

export const EXIT_HELP = `
Exit codes: 0 fine, 1 failed, 2 wrong usage, 3 not found, 4 denied.`;
