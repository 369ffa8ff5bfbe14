import { structuredPatch, type StructuredPatchHunk } from 'diff';
import { definitionHash, textOf, type TransformationDefinition } from './transformation-definition.ts';

/** Two codes that differ in more lines have nothing in common; to find what little they have takes the square of it. */
const MAX_EDITS = 3_000;
/** As much as people read. */
const MAX_DIFF_CHARACTERS = 12_000;

export interface CodeComparison {
  /** Unified, without a file header; empty where the code stays. */
  readonly diff: string;
  readonly added: number;
  readonly removed: number;
  /** Of both definitions: the same where nothing would change. */
  readonly hashes: { readonly before: string; readonly after: string };
}

/** Line by line, what an update would change. */
export async function compareCode({
  before,
  after,
}: {
  before: TransformationDefinition;
  after: TransformationDefinition;
}): Promise<CodeComparison> {
  const hashes = { before: definitionHash(before), after: definitionHash(after) };
  const [old, next] = [textOf(before), textOf(after)];
  const patch = structuredPatch('', '', old, next, '', '', { context: 3, maxEditLength: MAX_EDITS });
  const lines = patch ? patch.hunks.flatMap(linesOf) : replaced(old, next);
  const count = (sign: string) => lines.filter((line) => line.startsWith(sign)).length;
  return { diff: shorten(lines), added: count('+'), removed: count('-'), hashes };
}

const linesOf = ({ oldStart, oldLines, newStart, newLines, lines }: StructuredPatchHunk) => [
  `@@ -${oldStart},${oldLines} +${newStart},${newLines} @@`,
  ...lines,
];

/** The new code first: people see the beginning of it. */
function replaced(old: string, next: string): string[] {
  const signed = (sign: string, text: string) => text.split('\n').map((line) => sign + line);
  return ['@@ all of it is replaced @@', ...signed('+', next), ...signed('-', old)];
}

function shorten(lines: readonly string[]): string {
  const shown: string[] = [];
  let characters = 0;
  for (const line of lines) {
    characters += line.length + 1;
    if (characters > MAX_DIFF_CHARACTERS)
      return [...shown, `@@ and ${lines.length - shown.length} lines more @@`].join('\n');
    shown.push(line);
  }
  return shown.join('\n');
}
