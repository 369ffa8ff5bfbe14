import { SourceProblem } from './source-problem.ts';

/** A JSON array, or one JSON value a line. */
export function parseJsonRecords(text: string): unknown[] {
  const trimmed = text.trim();
  if (trimmed === '') return [];
  if (trimmed.startsWith('[')) return parse(trimmed, '') as unknown[];
  return trimmed
    .split('\n')
    .flatMap((line, place) => (line.trim() === '' ? [] : [parse(line, ` in line ${place + 1}`)]));
}

function parse(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new SourceProblem(`the source is not valid JSON${where}`);
  }
}
