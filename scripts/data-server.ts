import { createReadStream } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { serveOnLoopback, type LoopbackServer } from './serve-on-loopback.ts';

const DATA = new URL('../node_modules/vega-datasets/data/', import.meta.url);

/** What is served: files of the `vega-datasets` package, by path. */
const FILES: Readonly<Record<string, { file: string; contentType: string; protected?: true }>> = {
  '/movies.json': { file: 'movies.json', contentType: 'application/json', protected: true },
  '/airports.csv': { file: 'airports.csv', contentType: 'text/csv' },
};

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** Serves real data on loopback, for connectors to fetch; the films to those with credentials only. */
export function startDataServer({ port, username, password }: Credentials & { port: number }): Promise<LoopbackServer> {
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  return serveOnLoopback((request, response) => {
    const found = FILES[request.url ?? ''];
    if (!found) {
      response.writeHead(404).end();
      return;
    }
    if (found.protected && request.headers.authorization !== authorization) {
      response.writeHead(401, { 'www-authenticate': 'Basic' }).end();
      return;
    }
    response.writeHead(200, { 'content-type': found.contentType });
    createReadStream(fileURLToPath(new URL(found.file, DATA))).pipe(response);
  }, port);
}
