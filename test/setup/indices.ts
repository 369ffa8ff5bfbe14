import type { Simulator } from '../../simulator/index.ts';
import { callAlgolia } from './connector.ts';

export interface SeenIndex {
  readonly name: string;
  readonly count: number;
  readonly records: readonly { readonly objectID: string }[];
  readonly settings: Readonly<Record<string, unknown>>;
  readonly rules: readonly object[];
  readonly synonyms: readonly object[];
}

/** An index with this many records, as if it had always been there; `r0`, `r1`, … of the given title. */
export function makeIndex(
  { world }: Simulator,
  name: string,
  { count, title = 'old', settings = {} }: { count: number; title?: string; settings?: Record<string, unknown> },
): void {
  const index = world.indices.touch(name);
  for (const record of makeRecords(count, title)) index.records.set(record.objectID, record);
  index.settings = settings;
}

export const makeRecords = (count: number, title: string) =>
  Array.from({ length: count }, (_, place) => ({ objectID: `r${place}`, title }));

/** The index as it is now; undefined if there is none. */
export const seeIndex = (simulator: Simulator, name: string): Promise<SeenIndex | undefined> =>
  simulator.control<SeenIndex>(`GET /indices/${encodeURIComponent(name)}`).catch(() => undefined);

/** The temporary indices of an index. */
export const temporaryIndicesOf = ({ world }: Simulator, indexName: string): string[] =>
  world.indices
    .values()
    .map(({ name }) => name)
    .filter((name) => name.startsWith(`${indexName}_tmp_`));

/** The one connector that takes pushes for an index, which also lends itself to the temporary index of it. */
export async function makePushConnector(simulator: Simulator, indexName: string, transformation?: string) {
  const name = `push to ${indexName}`;
  const { sourceID } = await callAlgolia(simulator, 'POST /1/sources', { type: 'push', name });
  const transformationIDs = transformation ? [await makeTransformation(simulator, name, transformation)] : [];
  const { destinationID } = await callAlgolia(simulator, 'POST /1/destinations', {
    type: 'search',
    name,
    input: { indexName },
    ...(transformation ? { transformationIDs } : {}),
  });
  return callAlgolia(simulator, 'POST /2/tasks', { sourceID, destinationID, action: 'save' });
}

async function makeTransformation(simulator: Simulator, name: string, code: string): Promise<string> {
  const input = { type: 'code', name, input: { code } };
  return (await callAlgolia(simulator, 'POST /1/transformations', input)).transformationID ?? '';
}
