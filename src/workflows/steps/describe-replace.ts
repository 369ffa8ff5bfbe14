import { plain } from './plain-text.ts';
import type { ReplaceAllRecordsStatus } from '../replace-all-records.ts';

/** A replace in Markdown, for the Web UI's Current Details. */
export function describeReplace(status: ReplaceAllRecordsStatus): string {
  const { indexName, phase, temporaryIndex, previousCount, pushed, count, guard, movedAt, workflows, problem } = status;
  const rows: [string, string | number | undefined][] = [
    ['temporary index', temporaryIndex && `\`${temporaryIndex}\``],
    ['records until now', previousCount],
    ['records pushed', pushed],
    ['records from now on', count],
    ['moved', movedAt],
    ...Object.entries(workflows ?? {}).map(([what, id]): [string, string] => [what, `\`${id}\``]),
  ];
  return [
    `**${plain(indexName)}**: ${phase}${problem ? `. ${problem}` : ''}`,
    '',
    ...rows.flatMap(([name, value]) => (value === undefined ? [] : [`- ${name}: ${value}`])),
    ...(guard?.violations ?? []).map((violation) => `\n**guard**: ${violation}`),
  ].join('\n');
}
