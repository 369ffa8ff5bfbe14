import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { compiled } from './compile.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface SpawnedWorker {
  readonly process: ChildProcess;
  /** What it has written to standard error so far. */
  readonly stderr: () => string;
  /** Sends the signal and waits for the end. Returns the exit code, or null when a signal ended it. */
  readonly end: (signal: 'SIGTERM' | 'SIGKILL') => Promise<number | null>;
  readonly exited: Promise<number | null>;
}

/** `src/worker.ts`, or another program with its arguments, in a process of its own, with this environment and no other settings. One process, so that a kill hits all of it. */
export function spawnWorker(
  environment: Readonly<Record<string, string>>,
  [program = '', ...args]: readonly string[] = ['src/worker.ts'],
): SpawnedWorker {
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(process.execPath, [compiled(program), ...args], {
    cwd: ROOT,
    env: { PATH, HOME, ...environment },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  // A test that fails half way does not get to ending it.
  const endWithTests = () => void child.kill('SIGKILL');
  process.once('exit', endWithTests);
  const exited = once(child, 'close').then(() => {
    process.off('exit', endWithTests);
    return child.exitCode;
  });
  return {
    process: child,
    stderr: () => stderr,
    exited,
    end: (signal) => {
      child.kill(signal);
      return exited;
    },
  };
}
