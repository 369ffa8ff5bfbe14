import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { endProcess } from './end-process.ts';
import { residentMb } from './process-memory.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const RESTART_MS = 1_000;
const LOOK_EVERY_MS = 250;

export type SupervisedWorker = ReturnType<typeof superviseWorker>;

/** One worker, the one that `npm run build` made or the source, which is started again when it is killed. */
export function superviseWorker(built: boolean, environment: Readonly<Record<string, string>>) {
  let stopped = false;
  let killed = 0;
  let peak = 0;
  let child: ChildProcess;
  const run = () => {
    child = spawn(process.execPath, built ? ['dist/worker.js'] : ['--import', 'tsx', 'src/worker.ts'], {
      cwd: ROOT,
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { PATH: process.env.PATH, ...environment },
    });
    child.once('exit', () => {
      if (!stopped) setTimeout(run, RESTART_MS);
    });
  };
  run();
  const timer = setInterval(() => (peak = Math.max(peak, residentMb(child.pid))), LOOK_EVERY_MS);
  return {
    kills: () => killed,
    peakMb: () => Math.round(peak),
    kill() {
      killed += 1;
      child.kill('SIGKILL');
      console.log('worker killed');
    },
    async stop() {
      stopped = true;
      clearInterval(timer);
      await endProcess(child);
    },
  };
}
