import { randomUUID } from 'node:crypto';
import type { Simulator } from '../../simulator/index.ts';
import { serveOnLoopback } from '../../scripts/serve-on-loopback.ts';

/** Sends one request to the simulator as a user of Algolia would. Throws on anything but 2xx. */
export async function callAlgolia<T = Record<string, string>>(
  simulator: Pick<Simulator, 'url' | 'applicationId' | 'apiKey'>,
  route: string,
  body?: unknown,
): Promise<T> {
  const [method = '', path = ''] = route.split(' ');
  const response = await fetch(simulator.url + path, {
    method,
    headers: {
      'content-type': 'application/json',
      'x-algolia-application-id': simulator.applicationId,
      'x-algolia-api-key': simulator.apiKey,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${route}: ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
}

export interface MadeConnector {
  readonly sourceID: string;
  readonly destinationID: string;
  readonly taskID: string;
  readonly indexName: string;
}

/** A source, a destination and a task between them, as if somebody had made them by hand. */
export async function makeConnector(
  simulator: Simulator,
  {
    url = 'http://127.0.0.1:9/',
    name = `made-${randomUUID()}`,
    source = {},
    task = {},
  }: {
    readonly url?: string;
    readonly name?: string;
    readonly source?: object;
    readonly task?: object;
  } = {},
): Promise<MadeConnector> {
  const { sourceID = '' } = await callAlgolia(simulator, 'POST /1/sources', {
    type: 'json',
    name,
    input: { url },
    ...source,
  });
  const { destinationID = '' } = await callAlgolia(simulator, 'POST /1/destinations', {
    type: 'search',
    name,
    input: { indexName: name },
  });
  const { taskID = '' } = await callAlgolia(simulator, 'POST /2/tasks', {
    sourceID,
    destinationID,
    action: 'replace',
    ...task,
  });
  return { sourceID, destinationID, taskID, indexName: name };
}

export interface RecordServer {
  readonly url: string;
  readonly stop: () => Promise<void>;
}

/** Serves records as JSON on loopback, for sources to fetch. */
export async function serveRecords(count = 25): Promise<RecordServer> {
  const records = Array.from({ length: count }, (_, place) => ({ objectID: `r${place}`, title: `Title ${place}` }));
  const { url, stop } = await serveOnLoopback((_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(records));
  });
  return { url: `${url}/records.json`, stop };
}

export interface SimulatorState {
  readonly authentications: readonly { authenticationID: string; name: string }[];
  readonly sources: readonly { sourceID: string; name: string }[];
  readonly transformations: readonly { transformationID: string; name: string }[];
  readonly destinations: readonly { destinationID: string; name: string }[];
  readonly tasks: readonly { taskID: string; sourceID: string; enabled: boolean }[];
  readonly runs: readonly { runID: string; taskID: string; type: string; status: string }[];
}

/** What the simulator has of one connector: everything of that name, and the tasks and their runs. */
export async function inventory(simulator: Simulator, name: string) {
  const state = await simulator.control<SimulatorState>('GET /state');
  const named = <T extends { name: string }>(items: readonly T[]) => items.filter((item) => item.name === name);
  const sources = named(state.sources);
  const tasks = state.tasks.filter(({ sourceID }) => sources.some((source) => source.sourceID === sourceID));
  return {
    authentications: named(state.authentications).length,
    sources: sources.length,
    transformations: named(state.transformations).length,
    destinations: named(state.destinations).length,
    tasks: tasks.length,
    runs: state.runs.filter(({ taskID }) => tasks.some((task) => task.taskID === taskID)).length,
  };
}
