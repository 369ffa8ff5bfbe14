import { spawn } from 'node:child_process';
import { compiled } from '../setup/compile.ts';

export interface CliRun {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Standard output as JSON. */
  readonly json: <T = Record<string, unknown>>() => T;
}

export interface CliOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  /** What it says, as it says it. */
  readonly onStderr?: (text: string) => void;
}

export type Cli = ReturnType<typeof cliWith>;

/** The CLI as a process of its own, as people and scripts run it, with nothing of this process's environment but the path. */
export function cliWith(environment: Readonly<Record<string, string>>) {
  return (args: readonly string[], { env = {}, stdin = '', onStderr }: CliOptions = {}): Promise<CliRun> =>
    new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [compiled('src/cli.ts'), ...args], {
        env: { PATH: process.env.PATH, HOME: '/nonexistent', ...environment, ...env },
      });
      let stdout = '';
      let stderr = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        stderr += text;
        onStderr?.(text);
      });
      child.on('error', reject);
      child.on('close', (code) => resolve({ code, stdout, stderr, json: () => JSON.parse(stdout) }));
      child.stdin.end(stdin);
    });
}
