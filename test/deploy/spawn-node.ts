import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** A program in a process of its own, without TypeScript tooling, with this environment and no other settings. */
export function spawnNode(
  args: readonly string[],
  { cwd, environment }: { readonly cwd: string; readonly environment: Readonly<Record<string, string>> },
) {
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(process.execPath, args, {
    cwd,
    env: { PATH, HOME, ...environment },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const exited = once(child, 'close').then(() => child.exitCode);
  return {
    stderr: () => stderr,
    exited,
    /** Sends the signal and waits for the end. Returns the exit code, or null when a signal ended it. */
    end(signal: 'SIGTERM' | 'SIGKILL') {
      child.kill(signal);
      return exited;
    },
  };
}
