import { randomUUID } from 'node:crypto';
import { isObject } from '../is-object.ts';
import type { IndexRecord, Source } from '../resources/resource.ts';
import type { World } from '../world.ts';
import { fetchText } from './fetch-text.ts';
import { parseCsv } from './parse-csv.ts';
import { parseJsonRecords } from './parse-json-records.ts';
import { readIndex } from './read-index.ts';
import type { RecordProblem } from './record-failures.ts';
import { SourceProblem } from './source-problem.ts';

/** What a source holds: records with their objectID, and what couldn't be made one. */
export interface Extracted {
  readonly records: IndexRecord[];
  readonly problems: RecordProblem[];
}

/** Reads the source for real. Throws a `SourceProblem` where that can't be done. */
export async function fetchRecords(world: World, source: Source): Promise<Extracted> {
  const { rows, problems } = await readRows(world, source);
  const records: IndexRecord[] = [];
  const column = source.input?.uniqueIDColumn;
  for (const [place, row] of rows.entries()) {
    const objectID = idOf(row, typeof column === 'string' && column !== '' ? column : undefined);
    if (objectID === undefined)
      problems.push({
        objectID: `#${place}`,
        message: `record ${place} has no value in ${String(column)}`,
        status: 'failed',
      });
    else records.push({ ...row, objectID });
  }
  return { records, problems };
}

/** The column's value; without a column the record's own objectID, or a new one. */
function idOf(row: Record<string, unknown>, column: string | undefined): string | undefined {
  const value = row[column ?? 'objectID'];
  if ((typeof value === 'string' && value !== '') || typeof value === 'number') return String(value);
  return column === undefined ? randomUUID() : undefined;
}

interface Rows {
  readonly rows: readonly Record<string, unknown>[];
  readonly problems: RecordProblem[];
}

async function readRows(world: World, source: Source): Promise<Rows> {
  const { type, input = {}, sourceID } = source;
  const attached = world.attached.get(sourceID) ?? world.attached.get(type);
  if (attached && 'records' in attached) return { rows: attached.records, problems: [] };
  const url = attached?.url ?? input.url;
  if (type === 'algoliaIndex') return { rows: readIndex(world, input), problems: [] };
  if (type === 'push') throw new SourceProblem('a push source has nothing to fetch');
  if (type !== 'json' && type !== 'csv' && !attached)
    throw new SourceProblem(`sources of type ${type} are not reachable from the simulator: attach records to it`);
  const text = await fetchText(world, source, String(url));
  if (type === 'csv') return parseCsv(text, input);
  return { rows: parseJsonRecords(text).map(asObject), problems: [] };
}

function asObject(row: unknown, place: number): Record<string, unknown> {
  if (isObject(row)) return row;
  throw new SourceProblem(`record ${place} is not a JSON object`);
}
