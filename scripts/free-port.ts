import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

const HOST = '127.0.0.1';

/**
 * A port on loopback that nobody listens at: any, or the one that is wanted. Throws where that one can't be had.
 * For the next minute the system gives it to nobody who asks for just any.
 */
export async function freePort(wanted = 0): Promise<number> {
  const server = createServer().listen(wanted, HOST);
  try {
    await once(server, 'listening');
  } catch (cause) {
    throw new Error(`Port ${wanted} cannot be had: is another server running?`, { cause });
  }
  const { port } = server.address() as AddressInfo;
  // A connection that this side ends first is remembered (TIME_WAIT), and holds the port against others.
  const accepted = new Set<Socket>();
  server.on('connection', (socket) => {
    // Not only one's own: where a server was killed, its clients dial without a pause.
    accepted.add(socket);
    socket
      .on('error', () => undefined)
      .resume()
      .end();
  });
  await once(connect(port, HOST).resume(), 'close');
  server.close();
  for (const socket of accepted) socket.destroy();
  await once(server, 'close');
  return port;
}
