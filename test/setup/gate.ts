import {
  Agent,
  createServer as createHttpServer,
  request as requestHttp,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import dns from 'node:dns';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { ConnectionFault } from '../faults/matrix/faults.ts';
import { makeCertificate } from './certificate.ts';

/** Where a server stands that nobody can connect to for a while. */
export interface Gate {
  readonly url: URL;
  /** How many connections have failed. */
  readonly failed: () => number;
  /** The next request that fits finds no way to the server; the one after it does. */
  shutFor(fits: (method: string, path: string) => boolean): void;
  stop(): Promise<void>;
}

const HOST = '127.0.0.1';
/** A name that can't be resolved while the gate is shut. */
const NAME = 'localhost';

/**
 * A proxy on loopback in front of a server. Every request needs a connection of its own, so that a request can be made to meet
 * a port that nobody listens at, a name that can't be resolved, or a certificate that isn't trusted. At most one gate of each kind per process.
 */
export async function openGate(target: string, kind: ConnectionFault): Promise<Gate> {
  const agent = new Agent({ keepAlive: true });
  const forward = (request: IncomingMessage, response: ServerResponse) => {
    const { method = 'GET', url = '/', headers } = request;
    const onward = requestHttp(new URL(url, target), {
      method,
      headers: { ...headers, connection: 'keep-alive' },
      agent,
    });
    onward.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 500, { ...answer.headers, connection: 'close' });
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  };
  const server = kind === 'untrusted' ? createHttpsServer(makeCertificate(), forward) : createHttpServer(forward);
  server.listen(0, HOST);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const scheme = kind === 'untrusted' ? 'https' : 'http';
  const url = new URL(`${scheme}://${kind === 'unresolved' ? NAME : HOST}:${port}`);

  const ways = { refused: refusing(), unresolved: unresolvable(), untrusted: untrusting() };
  const way = ways[kind];
  let failed = 0;
  let fits: ((method: string, path: string) => boolean) | undefined;
  const onRequest = (message: unknown) => {
    const { request } = message as { request: { origin: string; method: string; path: string } };
    if (request.origin !== url.origin || !fits?.(request.method, request.path)) return;
    fits = undefined;
    way.shut();
  };
  const onConnectError = (message: unknown) => {
    const { connectParams } = message as { connectParams: { port: string } };
    if (Number(connectParams.port) !== port) return;
    failed += 1;
    way.open();
  };
  way.open();
  subscribe('undici:request:create', onRequest);
  subscribe('undici:client:connectError', onConnectError);
  return {
    url,
    failed: () => failed,
    shutFor: (which) => {
      fits = which;
    },
    async stop() {
      unsubscribe('undici:request:create', onRequest);
      unsubscribe('undici:client:connectError', onConnectError);
      way.stop();
      agent.destroy();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };

  function refusing() {
    return {
      shut: () => void server.close(),
      open: () => {
        if (!server.listening) server.listen(port, HOST);
      },
      stop: () => undefined,
    };
  }
}

function unresolvable() {
  const { lookup } = dns;
  let isShut = false;
  const lookupHere = ((name: string, options: object, callback: (error: Error | null, found?: unknown) => void) => {
    if (name !== NAME) return lookup(name, options, callback as never);
    if (!isShut) return lookup(HOST, options, callback as never);
    const error = Object.assign(new Error(`getaddrinfo ENOTFOUND ${name}`), {
      code: 'ENOTFOUND',
      syscall: 'getaddrinfo',
    });
    queueMicrotask(() => callback(error));
  }) as typeof lookup;
  return {
    shut: () => {
      isShut = true;
    },
    open: () => {
      dns.lookup = lookupHere;
      isShut = false;
    },
    stop: () => {
      dns.lookup = lookup;
    },
  };
}

/** Node reads this with every connection. */
function untrusting() {
  const trust = (value: string | undefined) => {
    if (value === undefined) delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
    else process.env.NODE_TLS_REJECT_UNAUTHORIZED = value;
  };
  return { shut: () => trust(undefined), open: () => trust('0'), stop: () => trust(undefined) };
}
