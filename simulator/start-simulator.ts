import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CONTROL_PREFIX, type Machine } from './control/control-route.ts';
import { handleControl } from './control/handle-control.ts';
import { handleRequest } from './http/handle-request.ts';
import { defaultSettings, type Settings } from './settings.ts';
import { openStateFile } from './state/state-file.ts';
import { createWorld, type FirstKeys, type World } from './world.ts';

export interface SimulatorOptions extends Partial<FirstKeys>, Partial<Settings> {
  /** 0, the default: any that is free. */
  readonly port?: number;
  /** Another name for `speed`: how many times faster than normal runs, pushes and index tasks are. */
  readonly runSpeed?: number;
  /** Where to keep the state over restarts; without it, in memory only. The file holds credentials in the clear. */
  readonly stateFile?: string;
}

export interface Simulator extends FirstKeys {
  /** The origin of both APIs. */
  readonly url: string;
  readonly port: number;
  /** What it knows now, for tests in the same process; another one after a reset. */
  readonly world: World;
  /** Calls the control API: `control('POST /faults', { … })`. Throws on anything but 2xx. */
  control<T = Record<string, unknown>>(route: string, body?: unknown): Promise<T>;
  stop(): Promise<void>;
}

/** On loopback only: nobody else is to reach what has no passwords worth the name. */
const HOST = '127.0.0.1';
const KEEP_ALIVE_MS = 120_000;

/** Starts a simulator of the Ingestion API and of what we need of the Search API. */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const {
    port: wantedPort = 0,
    runSpeed,
    stateFile,
    applicationId = 'DEMOAPP',
    apiKey = 'demo-key',
    adminKey = 'demo-admin-key',
    ...settings
  } = options;
  const first: FirstKeys = { applicationId, apiKey, adminKey };
  const speed = runSpeed ?? settings.speed ?? defaultSettings.speed;
  const freshWorld = () => createWorld(first, { ...defaultSettings, ...settings, speed });
  let world = freshWorld();
  const state = openStateFile(stateFile, () => world);
  state.load(world);
  let restart: NodeJS.Timeout | undefined;

  const machine: Machine = {
    get world() {
      return world;
    },
    reset: () => {
      world.stop();
      world = freshWorld();
    },
    touch: () => state.touch(),
    outage: (ms: number) => {
      server.close();
      // The answer to the request that asked for it goes out first.
      setImmediate(() => server.closeAllConnections());
      restart = setTimeout(() => server.listen(port, HOST), ms);
    },
  };
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS, requestTimeout: 0 }, (request, response) => {
    serve(machine, request, response).catch((error: unknown) => {
      // A client that hangs up is none of our errors.
      if ((error as NodeJS.ErrnoException).code !== 'ECONNRESET') console.error(error);
      response.destroy();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(wantedPort, HOST, resolve);
  });
  const { port } = server.address() as AddressInfo;
  const url = `http://${HOST}:${port}`;

  return {
    ...first,
    url,
    port,
    get world() {
      return world;
    },
    control: (route, body) => callControl(url, route, body),
    stop: async () => {
      clearTimeout(restart);
      state.close();
      world.stop();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}

function serve(machine: Machine, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method !== 'GET') machine.touch();
  const isControl = (request.url ?? '').startsWith(CONTROL_PREFIX);
  return isControl ? handleControl(machine, request, response) : handleRequest(machine.world, request, response);
}

async function callControl<T>(url: string, route: string, body: unknown): Promise<T> {
  const [method = 'GET', path = '/'] = route.split(' ');
  const response = await fetch(`${url}${CONTROL_PREFIX}${path}`, {
    method,
    ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  const answer = (await response.json()) as T & { message?: string };
  if (!response.ok) throw new Error(`${route}: ${response.status} ${answer.message ?? ''}`);
  return answer;
}
