import { RecordsError } from './records-error.ts';
import { showUri } from './show-uri.ts';

/** `ndjson`: one record per line. `json`: one array of records. `csv`: a header, then one record per row, every value a string. */
export type RecordFormat = 'ndjson' | 'json' | 'csv';

const BY_EXTENSION: Readonly<Record<string, RecordFormat>> = {
  ndjson: 'ndjson',
  jsonl: 'ndjson',
  json: 'json',
  csv: 'csv',
};
const BY_CONTENT_TYPE: Readonly<Record<string, RecordFormat>> = {
  'application/x-ndjson': 'ndjson',
  'application/ndjson': 'ndjson',
  'application/jsonl': 'ndjson',
  'application/json': 'json',
  'text/csv': 'csv',
};

/** By the name's extension (`.gz` aside), else by the content type. */
export function recordFormat(uri: string, contentType?: string): RecordFormat {
  const path = showUri(uri).replace(/\.gz$/i, '');
  const extension = /\.(\w+)$/.exec(path)?.[1]?.toLowerCase() ?? '';
  const type = contentType?.split(';')[0]?.trim().toLowerCase() ?? '';
  const format = BY_EXTENSION[extension] ?? BY_CONTENT_TYPE[type];
  if (format) return format;
  throw new RecordsError(
    'RecordsInvalid',
    `${path}: the name does not tell the format: give recordsRef.format (ndjson, json or csv)`,
  );
}
