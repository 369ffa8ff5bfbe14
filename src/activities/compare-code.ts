import { structuredPatch } from 'diff';
import { definitionHash, textOf, type TransformationDefinition } from './transformation-definition.ts';

/** A diff that takes longer is of two codes that have nothing in common. */
const MAX_DIFF_MS = 1_000;
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
  const patch = structuredPatch('', '', old, next, '', '', { context: 3, timeout: MAX_DIFF_MS });
  if (!patch) {
    const [removed, added] = [countLines(old), countLines(next)];
    return { diff: `@@ ${removed} lines are replaced by ${added} others @@`, added, removed, hashes };
  }
  const lines = patch.hunks.flatMap((hunk) => [
    `@@ -${hunk.oldStart},${hunk.oldLines} +${hunk.newStart},${hunk.newLines} @@`,
    ...hunk.lines,
  ]);
  const count = (sign: string) =>
    patch.hunks.reduce((sum, hunk) => sum + hunk.lines.filter((line) => line.startsWith(sign)).length, 0);
  return { diff: shorten(lines), added: count('+'), removed: count('-'), hashes };
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

const countLines = (text: string) => text.split('\n').length;
