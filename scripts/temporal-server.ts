import { Connection } from '@temporalio/client';
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { SEARCH_ATTRIBUTES } from '../src/search-attributes.ts';
import { freePort } from './free-port.ts';
import { findTemporalCli } from './temporal-cli.ts';

const HOST = '127.0.0.1';
const NAMESPACE = 'default';
const HEALTHY_WITHIN_MS = 60_000;
const STOP_GRACE_MS = 10_000;

/** The server's own guard rails make skipping slow (1 s a skip) and continue-as-new over-run; neither is wanted in a test. */
const TIME_SKIPPING = {
  'frontend.WorkflowTimeSkippingEnabled': true,
  'history.timerProcessorMaxTimeShift': '10ms',
  'history.workflowIdReuseMinimalInterval': '0s',
};

/** Off by default, and wanted wherever one of many would have to wait for the others: see docs/limits.md. */
const FAIRNESS = { 'matching.enableFairness': true };

export interface TemporalServerOptions {
  /** Default: a free one. */
  port?: number;
  /** Default: a free one. */
  uiPort?: number;
  /** Keeps the server's state; without it, the state ends with the server. */
  dbFile?: string;
  /** Default: true. */
  ui?: boolean;
  /** Lets a workflow that is started with a `timeSkippingConfig` jump over its timers. */
  timeSkipping?: boolean;
  extraDynamicConfig?: Record<string, unknown>;
  uiCodecEndpoint?: string;
  /** Default: a temporary file, removed when the server stops. */
  logFile?: string;
}

export interface TemporalServer {
  address: string;
  uiUrl?: string;
  namespace: string;
  pid: number;
  /** Settles when the server process has ended, for whatever reason. */
  exited: Promise<void>;
  stop(): Promise<void>;
}

/**
 * A Temporal dev server on loopback that is healthy, with the search attributes registered. It ends with `stop()`,
 * and with this process unless that is killed outright; it doesn't keep this process alive.
 */
export async function startTemporalServer(options: TemporalServerOptions = {}): Promise<TemporalServer> {
  const cli = await findTemporalCli();
  // On a port in use, the health check would greet somebody else's server.
  const port = await freePort(options.port);
  const uiPort = options.ui === false ? undefined : await freePort(options.uiPort);
  const scratchDir = options.logFile ? undefined : mkdtempSync(join(tmpdir(), 'temporal-server-'));
  const logFile = options.logFile ?? join(scratchDir!, 'server.log');
  for (const file of [logFile, options.dbFile]) if (file) mkdirSync(dirname(resolve(file)), { recursive: true });

  const child = spawnServer(cli, serverArguments({ ...options, port }, uiPort), logFile);
  const exited = new Promise<void>((settle) => child.once('exit', () => settle()));
  const forgetParent = endWithParent(child);
  const stop = async (): Promise<void> => {
    if (isRunning(child)) child.kill('SIGTERM');
    const ended = await Promise.race([exited.then(() => true), sleep(STOP_GRACE_MS, false)]);
    if (!ended) child.kill('SIGKILL');
    await exited;
    forgetParent();
    if (scratchDir) rmSync(scratchDir, { recursive: true, force: true });
  };

  const address = `${HOST}:${port}`;
  try {
    await healthy(address, child);
  } catch (cause) {
    // Of a panic, what it is about and not its stack.
    const [words = ''] = readFileSync(logFile, 'utf8').split(/\n+goroutine \d/);
    const log = words.trim().split('\n').slice(-15).join('\n');
    await stop();
    throw new Error(`The Temporal server at ${address} did not become healthy. Its last words:\n${log}`, { cause });
  }
  return {
    address,
    ...(uiPort !== undefined && { uiUrl: `http://${HOST}:${uiPort}` }),
    namespace: NAMESPACE,
    pid: child.pid!,
    exited,
    stop,
  };
}

function serverArguments(options: TemporalServerOptions & { port: number }, uiPort: number | undefined): string[] {
  const dynamicConfig = { ...FAIRNESS, ...(options.timeSkipping && TIME_SKIPPING), ...options.extraDynamicConfig };
  return [
    'server',
    'start-dev',
    `--ip=${HOST}`,
    `--port=${options.port}`,
    '--log-level=warn',
    ...(uiPort === undefined ? ['--headless'] : [`--ui-port=${uiPort}`, '--ui-disable-news-fetch']),
    ...(options.dbFile ? [`--db-filename=${options.dbFile}`] : []),
    ...(options.uiCodecEndpoint ? [`--ui-codec-endpoint=${options.uiCodecEndpoint}`] : []),
    ...SEARCH_ATTRIBUTES.map((name) => `--search-attribute=${name}=Keyword`),
    ...Object.entries(dynamicConfig).map(([key, value]) => `--dynamic-config-value=${key}=${JSON.stringify(value)}`),
  ];
}

/** In a process group of its own, so that Ctrl-C reaches the worker first and the worker can still say goodbye to it. */
function spawnServer(cli: string, args: string[], logFile: string): ChildProcess {
  const log = openSync(logFile, 'a');
  // A developer's TEMPORAL_ADDRESS, profile or TLS settings are meant for other commands of this CLI.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('TEMPORAL_')));
  try {
    const child = spawn(cli, args, {
      detached: true,
      stdio: ['ignore', log, log],
      env: { ...env, TEMPORAL_VERSION_CHECK_DISABLED: '1' },
    });
    child.unref();
    return child;
  } finally {
    closeSync(log);
  }
}

/** Returns a function that undoes it. */
function endWithParent(child: ChildProcess): () => void {
  const end = (): void => void child.kill('SIGTERM');
  const endOnSignal = (signal: NodeJS.Signals): void => {
    // Whoever else listens has a shutdown of their own, which may still need the server.
    if (process.listenerCount(signal) > 1) return;
    end();
    forget();
    process.kill(process.pid, signal);
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  const forget = (): void => {
    process.off('exit', end);
    for (const signal of signals) process.off(signal, endOnSignal);
  };
  process.once('exit', end);
  for (const signal of signals) process.on(signal, endOnSignal);
  return forget;
}

async function healthy(address: string, child: ChildProcess): Promise<void> {
  const deadline = Date.now() + HEALTHY_WITHIN_MS;
  for (;;) {
    try {
      return await checkHealth(address);
    } catch (cause) {
      if (!isRunning(child)) throw new Error(`It ended with ${child.signalCode ?? child.exitCode}`, { cause });
      if (Date.now() > deadline) throw cause;
      await sleep(50);
    }
  }
}

async function checkHealth(address: string): Promise<void> {
  const connection = await Connection.connect({ address, connectTimeout: '2s' });
  try {
    await connection.workflowService.describeNamespace({ namespace: NAMESPACE });
    const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace: NAMESPACE });
    const missing = SEARCH_ATTRIBUTES.filter((name) => !(name in customAttributes));
    if (missing.length > 0) throw new Error(`Search attributes not yet registered: ${missing.join(', ')}`);
  } finally {
    await connection.close();
  }
}

function isRunning(child: ChildProcess): boolean {
  return child.pid !== undefined && child.exitCode === null && child.signalCode === null;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '7233' },
      'ui-port': { type: 'string', default: '8233' },
      db: { type: 'boolean', default: false },
      'time-skipping': { type: 'boolean', default: false },
      'ui-codec-endpoint': { type: 'string' },
    },
  });
  const dbFile = fileURLToPath(new URL('../.cache/temporal.sqlite', import.meta.url));
  const server = await startTemporalServer({
    port: Number(values.port),
    uiPort: Number(values['ui-port']),
    timeSkipping: values['time-skipping'],
    ...(values.db && { dbFile }),
    ...(values['ui-codec-endpoint'] && { uiCodecEndpoint: values['ui-codec-endpoint'] }),
  });
  console.log(
    `Temporal server  ${server.address}\nWeb UI           ${server.uiUrl}\nState            ${values.db ? dbFile : 'in memory'}`,
  );

  const keepAlive = setInterval(() => {}, 60_000);
  const asked = new Promise<'asked'>((settle) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => settle('asked'));
  });
  const why = await Promise.race([asked, server.exited.then(() => 'ended' as const)]);
  clearInterval(keepAlive);
  if (why === 'ended') {
    console.error('The Temporal server ended by itself.');
    process.exitCode = 1;
  }
  await server.stop();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
