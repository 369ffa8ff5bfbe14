import type { Connection } from '@temporalio/client';
import { once } from 'node:events';
import { connect as dial, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect, inject, test } from 'vitest';
import { connect } from '../../src/cli/connect.ts';
import { messageOf } from '../../src/message-of.ts';

const { address: temporal } = inject('temporal');
const opened: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of opened.splice(0)) await each.close();
});

/** Listens at a free port of loopback, or at the given one. */
async function listen(onSocket: (socket: Socket) => void, port = 0): Promise<{ server: Server; port: number }> {
  const server = createServer(onSocket).listen(port, '127.0.0.1');
  await once(server, 'listening');
  opened.push(server);
  return { server, port: (server.address() as AddressInfo).port };
}

function passOn(socket: Socket): void {
  const [host, port] = temporal.split(':');
  const onward = dial(Number(port), host);
  socket.pipe(onward).pipe(socket);
  for (const end of [socket, onward])
    end.on('error', () => undefined).on('close', () => (socket.destroy(), onward.destroy()));
}

async function connected(address: string): Promise<Connection> {
  const connection = await connect({ address });
  opened.push(connection);
  return connection;
}

const attempt = (port: number): Promise<string> =>
  connect({ address: `127.0.0.1:${port}` }).then(() => 'connected', messageOf);

/** What is said of the port, if it is said before one that never answers is given up. */
async function saidAtOnce(port: number): Promise<string> {
  const mute = await listen(() => undefined);
  return Promise.race([attempt(port), attempt(mute.port).then(() => 'too late')]);
}

test('a refused connection is said at once, with its reason', async () => {
  const { server, port } = await listen(() => undefined);
  server.close();
  expect(await saidAtOnce(port)).toBe(
    `No Temporal server answers at 127.0.0.1:${port} (connect ECONNREFUSED 127.0.0.1:${port}). Is it running, and is TEMPORAL_ADDRESS right?`,
  );
});

test('the port of a Web UI is told from that of a server', async () => {
  const { port } = await listen((socket) => socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n'));
  expect(await saidAtOnce(port)).toContain(
    `What answers at 127.0.0.1:${port} is no Temporal server: TEMPORAL_ADDRESS is that of its gRPC port`,
  );
});

test('TLS where there is none is said', async () => {
  await expect(connect({ address: temporal, tls: {} })).rejects.toThrow(
    `What answers at ${temporal} speaks no TLS, which TEMPORAL_TLS or TEMPORAL_API_KEY asks for.`,
  );
});

test('what may pass is tried again', async () => {
  let dialled = 0;
  const { port } = await listen((socket) => ((dialled += 1) === 1 ? socket.destroy() : passOn(socket)));
  const { workflowService } = await connected(`127.0.0.1:${port}`);
  await workflowService.getSystemInfo({});
  expect(dialled).toBeGreaterThan(1);
});

test('once it is connected, a server that is restarted is waited for', async () => {
  const sockets: Socket[] = [];
  const accept = (socket: Socket) => {
    sockets.push(socket);
    passOn(socket);
  };
  const { server, port } = await listen(accept);
  const { workflowService } = await connected(`127.0.0.1:${port}`);
  server.close();
  for (const socket of sockets) socket.destroy();
  const asked = workflowService.getSystemInfo({});
  await delay(300);
  await listen(accept, port);
  await asked;
});
