import { parse } from 'csv-parse/sync';
import type { RecordProblem } from './record-failures.ts';
import { SourceProblem } from './source-problem.ts';

interface CsvRows {
  readonly rows: Record<string, unknown>[];
  readonly problems: RecordProblem[];
}

/** Every value is text, unless the mapping gives its column a type; a value that isn't of it makes the record fail. */
export function parseCsv(text: string, input: Readonly<Record<string, unknown>>): CsvRows {
  const mapping = (input.mapping ?? {}) as Readonly<Record<string, string>>;
  const rows: Record<string, unknown>[] = [];
  const problems: RecordProblem[] = [];
  for (const [place, cells] of readCells(text, typeof input.delimiter === 'string' ? input.delimiter : ',').entries()) {
    try {
      rows.push(
        Object.fromEntries(
          Object.entries(cells).map(([column, cell]) => [column, cast(cell, mapping[column], column)]),
        ),
      );
    } catch (error) {
      const column = input.uniqueIDColumn;
      const objectID = (typeof column === 'string' ? cells[column] : undefined) ?? cells.objectID ?? `#${place}`;
      problems.push({ objectID, message: (error as Error).message, status: 'failed' });
    }
  }
  return { rows, problems };
}

function readCells(text: string, delimiter: string): Record<string, string>[] {
  try {
    return parse(text, { columns: true, bom: true, skip_empty_lines: true, delimiter }) as Record<string, string>[];
  } catch (error) {
    throw new SourceProblem(`the source is not valid CSV: ${(error as Error).message}`);
  }
}

function cast(cell: string, type: string | undefined, column: string): unknown {
  if (type === undefined || type === 'string') return cell;
  if (cell === '') return null;
  const number = Number(cell);
  if (type === 'integer' && Number.isInteger(number)) return number;
  if (type === 'float' && !Number.isNaN(number)) return number;
  if (type === 'boolean' && /^(true|false)$/i.test(cell)) return cell.toLowerCase() === 'true';
  if (type === 'json') return JSON.parse(cell);
  throw new Error(`${column}: "${cell.slice(0, 50)}" is not of type ${type}`);
}
