import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { workerVariables } from '../src/variables.ts';
import { startSimulator } from '../simulator/index.ts';
import { startDataServer } from './data-server.ts';
import { freePort } from './free-port.ts';
import { startTemporalServer } from './temporal-server.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** The state of the demo and of `npm run dev`: what a restart finds again. */
export const STATE_DIR = join(ROOT, '.cache', 'demo');
const STOP_GRACE_MS = 15_000;
/** Where people look for them. */
const USUAL_PORTS = { temporal: 7233, ui: 8233, simulator: 4010, data: 4011 };
const usualOrFree = (port: number): Promise<number> => freePort(port).catch(() => freePort());

export const APPLICATION_ID = 'DEMOAPP';
const API_KEY = 'demo-key';
/** How people call the command line for these services: it looks for Temporal on the usual port. */
export const cliFor = (address: string): string =>
  `${address.endsWith(`:${USUAL_PORTS.temporal}`) ? '' : `TEMPORAL_ADDRESS=${address} `}npm run -s cli --`;

/** Who may read the films. The worker knows the password as `env:SECRET_DEMO_FEED`. */
const FEED = { username: 'demo', password: 'films-for-the-demo' };
export const TASK_QUEUE = 'algolia-ingestion';

/** Whoever starts services stops them on each of these; the last comes when the terminal is closed. */
export const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export interface ServicesOptions {
  /** The worker restarts when its source changes. */
  readonly watch?: boolean;
  /** Where the worker's lines go: this process's own standard error, or a file. */
  readonly workerLog: 'inherit' | { readonly file: string };
  /** Keeps Temporal's and the simulator's state across restarts. */
  readonly keepState?: boolean;
}

export type Services = Awaited<ReturnType<typeof startServices>>;

/** Temporal with its Web UI, the simulator, a server of real data, and one worker. What is started is stopped by `stop()`. */
export async function startServices(options: ServicesOptions) {
  const stops: (() => Promise<void>)[] = [];
  const stop = async () => {
    for (const stopOne of stops.splice(0).toReversed()) await stopOne();
  };
  try {
    mkdirSync(join(STATE_DIR, 'secrets'), { recursive: true });
    const temporal = await startTemporalServer({
      port: await usualOrFree(USUAL_PORTS.temporal),
      uiPort: await usualOrFree(USUAL_PORTS.ui),
      ...(options.keepState ? { dbFile: join(STATE_DIR, 'temporal.sqlite') } : {}),
    });
    stops.push(() => temporal.stop());
    const simulator = await startSimulator({
      port: await usualOrFree(USUAL_PORTS.simulator),
      applicationId: APPLICATION_ID,
      apiKey: API_KEY,
      ...(options.keepState ? { stateFile: join(STATE_DIR, 'simulator.json') } : {}),
    });
    stops.push(() => simulator.stop());
    const data = await startDataServer({ ...FEED, port: await usualOrFree(USUAL_PORTS.data) });
    stops.push(() => data.stop());
    const worker = startWorker(options, {
      TEMPORAL_ADDRESS: temporal.address,
      TEMPORAL_NAMESPACE: temporal.namespace,
      ALGOLIA_APPLICATION_ID: APPLICATION_ID,
      ALGOLIA_API_KEY: API_KEY,
      ALGOLIA_INGESTION_URL: simulator.url,
      ALGOLIA_SEARCH_URL: simulator.url,
      SECRET_DEMO_FEED: FEED.password,
      SECRET_ALGOLIA_ADMIN_KEY: simulator.adminKey,
      SECRETS_DIR: join(STATE_DIR, 'secrets'),
      TASK_QUEUE,
    });
    stops.push(() => stopProcess(worker));
    return { temporal, simulator, data, worker, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** In a process group of its own: Ctrl-C reaches it through `stop()`, in order, and not at once with everything else. */
function startWorker(options: ServicesOptions, environment: Readonly<Record<string, string>>): ChildProcess {
  const args = [...(options.watch ? ['watch', '--clear-screen=false'] : []), join(ROOT, 'src', 'worker.ts')];
  const log = options.workerLog === 'inherit' ? undefined : openSync(options.workerLog.file, 'a');
  const worker = spawn(join(ROOT, 'node_modules', '.bin', 'tsx'), args, {
    cwd: ROOT,
    detached: true,
    stdio: ['ignore', log ?? 'inherit', log ?? 'inherit'],
    env: { ...withoutSettings(process.env), ...environment },
  });
  if (log !== undefined) closeSync(log);
  process.once('exit', () => killGroup(worker, 'SIGTERM'));
  return worker;
}

/** A developer's own settings are meant for another worker, and a CI's `BUILD_ID` for none; what it logs and traces may be said. */
export const withoutSettings = (env: NodeJS.ProcessEnv) =>
  Object.fromEntries(
    Object.entries(env).filter(
      ([name]) =>
        /^(LOG_LEVEL$|OTEL_)/.test(name) || !(name in workerVariables.shape || /^(TEMPORAL|SECRET)_/.test(name)),
    ),
  );

async function stopProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const exited = once(child, 'exit');
  const force = setTimeout(() => killGroup(child, 'SIGKILL'), STOP_GRACE_MS);
  killGroup(child, 'SIGTERM');
  await exited;
  clearTimeout(force);
}

function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    process.kill(-(child.pid as number), signal);
  } catch {
    // It has just ended by itself.
  }
}
