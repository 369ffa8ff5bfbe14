import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ingestionClient } from '@algolia/ingestion';
import { onTestFinished } from 'vitest';
import { startSimulator, type Simulator, type SimulatorOptions } from '../../simulator/index.ts';

/** The official client, as anybody would make it, but for the host. */
export function officialClient({ url, applicationId, apiKey }: Pick<Simulator, 'url' | 'applicationId' | 'apiKey'>) {
  const hosts = [{ url: new URL(url).host, accept: 'readWrite' as const, protocol: 'http' as const }];
  return ingestionClient(applicationId, apiKey, 'us', { hosts });
}
export type OfficialClient = ReturnType<typeof officialClient>;

/** A fast simulator that ends with the test. */
export async function openSimulator(options: SimulatorOptions = {}) {
  const simulator = await startSimulator({ runSpeed: 100, ...options });
  onTestFinished(() => simulator.stop());
  return { simulator, client: officialClient(simulator) };
}

/** Serves one answer, or whatever a listener makes of it, until the test ends; returns its URL. */
export async function serve(content: string | RequestListener): Promise<string> {
  const server = createServer(typeof content === 'string' ? (_, response) => response.end(content) : content);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/data`;
}

export async function until<T>(read: () => Promise<T>, holds: (value: T) => boolean): Promise<T> {
  for (;;) {
    const value = await read();
    if (holds(value)) return value;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

export interface ChainOptions {
  readonly url?: string;
  readonly source?: Record<string, unknown>;
  readonly code?: string;
  readonly destination?: Record<string, unknown>;
  readonly task?: Record<string, unknown>;
  readonly indexName?: string;
}

/** A source, a destination and a task between them. */
export async function createChain(client: OfficialClient, options: ChainOptions = {}) {
  const { url, indexName = 'movies', code } = options;
  const sourceFields =
    options.source ?? (url ? { type: 'json', input: { url, uniqueIDColumn: 'id' } } : { type: 'push' });
  const { sourceID } = await client.createSource({ name: 'source', ...sourceFields } as never);
  const transformationIDs = code === undefined ? [] : [await addCode(client, code)];
  const { destinationID } = await client.createDestination({
    type: 'search',
    name: 'destination',
    input: { indexName, ...options.destination },
    transformationIDs,
  } as never);
  const { taskID } = await client.createTask({ sourceID, destinationID, action: 'replace', ...options.task } as never);
  return { sourceID, destinationID, taskID, transformationIDs };
}

export async function addCode(client: OfficialClient, code: string, name = 'code'): Promise<string> {
  const { transformationID } = await client.createTransformation({ type: 'code', name, input: { code } });
  return transformationID;
}

/** Runs a task to its end. */
export async function runToEnd(client: OfficialClient, taskID: string) {
  const { runID } = await client.runTask({ taskID });
  return until(
    () => client.getRun({ runID }),
    (run) => run.status === 'finished' || run.status === 'skipped',
  );
}

export interface ShownIndex {
  readonly count: number;
  readonly records: { objectID: string; [name: string]: unknown }[];
  readonly settings: Record<string, unknown>;
}

export const indexOf = (simulator: Simulator, name: string) => simulator.control<ShownIndex>(`GET /indices/${name}`);

/** What a call is refused with. */
export async function refusal(call: Promise<unknown>): Promise<{ status: number; message: string; error?: unknown }> {
  return call.then(
    () => {
      throw new Error('it was not refused');
    },
    (error: { status: number; message: string; error?: unknown }) => ({
      status: error.status,
      message: error.message.replace(/ \(Correlation-ID.*/, ''),
      error: error.error,
    }),
  );
}

/** A request of the Search API. */
export async function search(simulator: Simulator, route: string, body?: unknown, apiKey = simulator.apiKey) {
  const [method = 'GET', path = ''] = route.split(' ');
  const response = await fetch(simulator.url + path, {
    method,
    headers: { 'x-algolia-application-id': simulator.applicationId, 'x-algolia-api-key': apiKey },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}
