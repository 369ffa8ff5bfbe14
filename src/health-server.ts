import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { NativeConnection, Worker, WorkerPlugin } from '@temporalio/worker';
import { ConfigError } from './config.ts';
import { messageOf } from './message-of.ts';
import type { KeyRing } from './secrets/key-ring.ts';

/** Whoever probes waits this long at most; Temporal's own client would go on trying. */
const REACH_TIMEOUT_MS = 2_000;
/** Probes in between are answered with what the last one learned. */
const CACHE_MS = 1_000;

export interface HealthServerOptions {
  /** `host:port` */
  readonly address: string;
  readonly connection: NativeConnection;
  readonly keys: Pick<KeyRing, 'current' | 'trouble'>;
}

/** Absent: fine. Else why not. */
type Trouble = string | undefined;

/**
 * Answers `GET /livez` while the process works, and `GET /readyz` with 200 only while the worker polls, Temporal answers and
 * the API key that counts can be read; with 503 and the reasons otherwise. It tells nothing that would need protection.
 */
export async function serveHealth({ address, connection, keys }: HealthServerOptions): Promise<WorkerPlugin> {
  let worker: Worker | undefined;
  let checked: { at: number; troubles: Promise<Record<string, Trouble>> } | undefined;
  const check = async () => {
    if (!checked || Date.now() - checked.at > CACHE_MS)
      checked = { at: Date.now(), troubles: troublesOf(connection, keys) };
    return { polling: pollingTrouble(worker), ...(await checked.troubles) };
  };
  const server = createServer((request, response) => {
    void answer(request.url, check).then(({ status, body }) => {
      response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
      response.end(request.method === 'HEAD' ? undefined : `${JSON.stringify(body)}\n`);
    });
  });
  await listen(server, address);
  return {
    name: 'health',
    async runWorker(running, next) {
      worker = running;
      try {
        await next(running);
      } finally {
        server.close();
        server.closeAllConnections();
      }
    },
  };
}

async function listen(server: Server, address: string): Promise<void> {
  const [, host = '', port = ''] = /^(.*):(\d+)$/.exec(address) ?? [];
  const listening = once(server, 'listening');
  server.listen(Number(port), host.replace(/^\[|\]$/g, ''));
  try {
    await listening;
  } catch (error) {
    throw new ConfigError(`HEALTH_ADDRESS: can't listen on ${address}: ${messageOf(error)}`, { cause: error });
  }
  // A worker that can't be made isn't kept from ending.
  server.unref();
}

async function answer(url: string | undefined, check: () => Promise<Record<string, Trouble>>) {
  const path = url?.split('?')[0];
  if (path === '/livez') return { status: 200, body: { status: 'alive' } };
  if (path !== '/readyz') return { status: 404, body: { status: 'unknown path: try /livez or /readyz' } };
  const troubles = await check();
  const isReady = Object.values(troubles).every((trouble) => trouble === undefined);
  const checks = Object.fromEntries(Object.entries(troubles).map(([name, trouble]) => [name, trouble ?? 'ok']));
  return { status: isReady ? 200 : 503, body: { status: isReady ? 'ready' : 'not ready', checks } };
}

function pollingTrouble(worker: Worker | undefined): Trouble {
  if (!worker) return 'the worker is starting';
  const { runState, workflowPollerState, activityPollerState } = worker.getStatus();
  const polls = runState === 'RUNNING' && workflowPollerState === 'POLLING' && activityPollerState === 'POLLING';
  return polls ? undefined : `the worker is ${runState.toLowerCase()}`;
}

async function troublesOf(connection: NativeConnection, keys: HealthServerOptions['keys']) {
  const [temporal, apiKey] = await Promise.all([
    within(connection.workflowService.getSystemInfo({}).then(() => undefined)),
    within(keys.current().then(() => keys.trouble())),
  ]);
  return { temporal, apiKey };
}

async function within(work: Promise<Trouble>): Promise<Trouble> {
  const timer = new AbortController();
  const tooLate = delay(REACH_TIMEOUT_MS, `no answer within ${REACH_TIMEOUT_MS / 1_000} s`, {
    signal: timer.signal,
    ref: false,
  });
  try {
    return await Promise.race([work, tooLate]);
  } catch (error) {
    return messageOf(error);
  } finally {
    timer.abort();
    tooLate.catch(() => undefined);
  }
}
