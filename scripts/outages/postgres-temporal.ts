import { Connection } from '@temporalio/client';
import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { freePort } from '../free-port.ts';
import { findTemporalCli } from '../temporal-cli.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);
const HOST = '127.0.0.1';
const HEALTHY_WITHIN_MS = 120_000;
/** Compose's own, and what lets tests jump over timers. */
const DYNAMIC_CONFIG = `${readFileSync(join(ROOT, 'deploy/temporal/dynamic-config.yaml'), 'utf8')}
frontend.WorkflowTimeSkippingEnabled: [{value: true}]
history.timerProcessorMaxTimeShift: [{value: 10ms}]
history.workflowIdReuseMinimalInterval: [{value: 0s}]
`;

interface PostgresTemporalOptions {
  /** The source of the server's version, whose schemas are set up. */
  readonly schemas: string;
}

export type Part = 'server' | 'database';

/**
 * A Temporal server as it is deployed: `temporal-server` on PostgreSQL, each from the `PATH`, set up by the scripts of
 * `deploy/temporal` and by the environment that docker-compose.yml gives it. Either may be killed and started again.
 */
export async function startPostgresTemporal({ schemas }: PostgresTemporalOptions) {
  const directory = mkdtempSync(join(tmpdir(), 'postgres-temporal-'));
  const passwordFile = join(directory, 'password');
  const password = 'only-for-this-trial';
  writeFileSync(passwordFile, password);
  writeFileSync(join(directory, 'dynamic.yaml'), DYNAMIC_CONFIG);
  const owner = databaseOwner();
  if (owner) for (const path of [directory, passwordFile]) chownSync(path, owner.uid, owner.gid);
  const data = join(directory, 'data');
  await run('initdb', ['-D', data, '-U', 'temporal', `--pwfile=${passwordFile}`, '-A', 'scram-sha-256'], {
    ...owner,
    cwd: directory,
  });

  const [database, frontend, http, ...others] = await freePorts(12);
  const address = `${HOST}:${frontend}`;
  const path = `${dirname(await findTemporalCli())}${delimiter}${process.env.PATH ?? ''}`;
  const environment = {
    PATH: path,
    HOME: directory,
    DB: 'postgres12',
    DB_PORT: String(database),
    POSTGRES_SEEDS: HOST,
    POSTGRES_USER: 'temporal',
    POSTGRES_PWD: password,
    BIND_ON_IP: HOST,
    DYNAMIC_CONFIG_FILE_PATH: join(directory, 'dynamic.yaml'),
    FRONTEND_GRPC_PORT: String(frontend),
    FRONTEND_HTTP_PORT: String(http),
    ...Object.fromEntries(
      ['FRONTEND', 'MATCHING', 'HISTORY', 'WORKER'].flatMap((service, place) => [
        [`${service}_MEMBERSHIP_PORT`, String(others[place])],
        ...(service === 'FRONTEND' ? [] : [[`${service}_GRPC_PORT`, String(others[place + 4])]]),
      ]),
    ),
  };
  const logFile = join(directory, 'log');
  const log = openSync(logFile, 'a');
  const stdio = ['ignore', log, log] as const;
  const startDatabase = () =>
    spawn('postgres', ['-D', data, '-p', String(database), '-c', `listen_addresses=${HOST}`, '-k', directory], {
      ...owner,
      cwd: directory,
      stdio: [...stdio],
    });
  const startServer = () =>
    spawn('temporal-server', ['start'], { env: environment, cwd: directory, stdio: [...stdio] });
  const script = (name: string, more: Record<string, string>) =>
    run('sh', [join(ROOT, 'deploy', 'temporal', name)], { env: { ...environment, ...more } });

  const running: { database: ChildProcess; server?: ChildProcess } = { database: startDatabase() };
  const databaseIsUp = () =>
    until(async () => {
      // It gives up as long as the memory of one that was killed is still in use.
      if (hasEnded(running.database)) running.database = startDatabase();
      await run('pg_isready', ['-h', HOST, '-p', String(database)]);
    });
  await databaseIsUp();
  await script('setup-schema.sh', {
    POSTGRES_HOST: HOST,
    POSTGRES_PORT: String(database),
    POSTGRES_PASSWORD_FILE: passwordFile,
    SCHEMAS: join(schemas, 'schema', 'postgresql', 'v12'),
  });
  const start = async () => {
    await databaseIsUp();
    await until(async () => {
      // It gives up where its database isn't, and whoever looks after it starts it again.
      if (!running.server || hasEnded(running.server)) running.server = startServer();
      const connection = await Connection.connect({ address, connectTimeout: 2_000 });
      try {
        await connection.workflowService.describeNamespace({ namespace: 'temporal-system' });
      } finally {
        await connection.close();
      }
    });
  };
  /** As a power cut would. */
  const kill = async (parts: readonly Part[] = ['server', 'database']) => {
    const killed = parts.flatMap((part) => running[part] ?? []).filter((child) => !hasEnded(child));
    for (const child of killed) child.kill('SIGKILL');
    await Promise.all(killed.map((child) => once(child, 'exit')));
  };
  process.once('exit', () => {
    for (const child of [running.server, running.database]) child?.kill('SIGKILL');
  });
  await start();
  await script('setup-namespace.sh', { TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: 'default', RETENTION: '30d' });
  return {
    address,
    logFile,
    start,
    kill,
    async stop() {
      await kill();
      closeSync(log);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

const hasEnded = ({ exitCode, signalCode }: ChildProcess) => exitCode !== null || signalCode !== null;

/** PostgreSQL refuses to run as root, as containers like to. */
function databaseOwner(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

async function until(attempt: () => Promise<unknown>): Promise<void> {
  const deadline = Date.now() + HEALTHY_WITHIN_MS;
  for (;;) {
    try {
      await attempt();
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await sleep(250);
    }
  }
}

/** Below 32768: the server keeps them in PostgreSQL as `smallint`. */
async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  for (let port = 18_000 + Math.floor(Math.random() * 12_000); ports.length < count; port += 1) {
    const free = await freePort(port).catch(() => undefined);
    if (free !== undefined) ports.push(free);
  }
  return ports;
}
