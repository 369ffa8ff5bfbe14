import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net';
import { json } from 'node:stream/consumers';
import { AlgoliaError } from '../../src/algolia/algolia-error.ts';
import { createClient, type AlgoliaClient, type ClientOptions } from '../../src/algolia/client.ts';
import { createScrubber } from '../../src/secrets/scrubber.ts';
import { createSecretStore } from '../../src/secrets/secret-store.ts';

export const API_KEY = 'a-key-that-may-write-0123456789';

export interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  /** Sorted as sent; without the official client's own `x-algolia-agent`. */
  readonly query: string;
  readonly headers: IncomingMessage['headers'];
  /** Absent: no body at all. */
  readonly body?: unknown;
}

export interface LoopbackServer {
  readonly origin: URL;
  readonly port: number;
  /** What has come in so far. */
  readonly requests: RecordedRequest[];
  /** How many TCP connections were opened. */
  readonly connections: () => number;
  close(): Promise<void>;
}

export type Respond = (request: RecordedRequest, response: ServerResponse, incoming: IncomingMessage) => void;

/** A real HTTP server that keeps what it is sent and answers as told. */
export async function startServer(
  respond: Respond = (_, response) => answerJson(response, {}),
  port = 0,
): Promise<LoopbackServer> {
  const requests: RecordedRequest[] = [];
  const server = createServer((incoming, response) => {
    void record(incoming).then((request) => {
      requests.push(request);
      respond(request, response, incoming);
    });
  });
  let connections = 0;
  server.on('connection', () => (connections += 1));
  const { origin, port: chosen } = await listen(server, port);
  return {
    origin,
    port: chosen,
    requests,
    connections: () => connections,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A TCP server for answers that no HTTP server would give. */
export async function startTcpServer(onConnection: (socket: Socket) => void) {
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    onConnection(socket);
  });
  const { origin, port } = await listen(server);
  return {
    server,
    origin,
    port,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** An origin of which nobody listens any more: connecting is refused. */
export async function closedOrigin(): Promise<URL> {
  const server = await startTcpServer(() => {});
  await server.close();
  return server.origin;
}

export function answerJson(
  response: ServerResponse,
  value: unknown,
  status = 200,
  headers: Record<string, string> = {},
) {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value));
}

/** The error a call ends in. A call that goes well fails the test. */
export async function failureOf(call: Promise<unknown>): Promise<AlgoliaError> {
  const outcome: unknown = await call.then(
    (answer) => new Error(`expected a failure, was answered ${JSON.stringify(answer)}`),
    (error: unknown) => error,
  );
  if (outcome instanceof AlgoliaError) return outcome;
  throw outcome;
}

/** The client as a worker builds it, with the secrets of `variables`. */
export function clientFor(
  origin: URL,
  { variables = {}, ...overrides }: Partial<ClientOptions> & { variables?: Record<string, string> } = {},
): AlgoliaClient {
  const scrubber = createScrubber();
  scrubber.learn(API_KEY);
  const store = createSecretStore({ variables, directory: undefined, scrubber });
  return createClient({
    applicationId: 'APP1',
    hosts: { ingestion: origin, search: origin },
    reveal: ({ reference }) => store.reveal(reference),
    scrub: (text) => scrubber.scrub(text),
    userAgent: 'algolia-ingestion-worker/test',
    ...overrides,
  });
}

async function record(incoming: IncomingMessage): Promise<RecordedRequest> {
  const [path = '', query = ''] = (incoming.url ?? '').split(/\?(.*)/s);
  const bodied = incoming.headers['transfer-encoding'] !== undefined || Number(incoming.headers['content-length']) > 0;
  if (!bodied) incoming.resume();
  return {
    method: incoming.method ?? '',
    path,
    query: query
      .split('&')
      .filter((part) => !part.startsWith('x-algolia-agent='))
      .join('&'),
    headers: incoming.headers,
    ...(bodied ? { body: await json(incoming) } : {}),
  };
}

async function listen(
  server: Server | ReturnType<typeof createTcpServer>,
  wanted = 0,
): Promise<{ origin: URL; port: number }> {
  server.listen(wanted, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { origin: new URL(`http://127.0.0.1:${port}`), port };
}
