import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface GuardedRecords {
  readonly url: string;
  /** The passwords that are taken, for the user `shop`. */
  readonly passwords: Set<string>;
  readonly stop: () => Promise<void>;
}

/** Serves three records to whoever has a password: a shop's feed, for credentials that matter. */
export async function serveGuardedRecords(...passwords: string[]): Promise<GuardedRecords> {
  const taken = new Set(passwords);
  const server = createServer((request, response) => {
    const [, credentials = ''] = (request.headers.authorization ?? '').split(' ');
    const [user, ...password] = Buffer.from(credentials, 'base64').toString('utf8').split(':');
    const welcome = user === 'shop' && taken.has(password.join(':'));
    response.writeHead(welcome ? 200 : 401, { 'content-type': 'application/json' });
    response.end(JSON.stringify(['a', 'b', 'c'].map((objectID) => ({ objectID }))));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/feed.json`,
    passwords: taken,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
