/**
 * What people wrote, for Markdown: as text on one line, so that it can't pass for a part of the page that an approver reads.
 * JSON in it is code: the Web UI's Markdown would make typographic quotes of its own.
 */
export const plain = (text: string): string =>
  inOneLine(text)
    .slice(0, 500)
    .split(/(\{"[^`]*\})/)
    .map((part, place) =>
      place % 2 === 0 ? part.replace(/[\\`*[\]<>|#~]|(?<![^\W_])_|_(?![^\W_])/g, '\\$&') : code(part),
    )
    .join('');

/** What is to be read character by character. */
export function code(text: string): string {
  const fence = fenceAround(text, 1);
  const apart = fence.length > 1 ? ' ' : '';
  return `${fence}${apart}${inOneLine(text)}${apart}${fence}`;
}

/** Backticks, so many at least, that nothing in the text can end. */
export function fenceAround(text: string, least: number): string {
  const longest = Math.max(least - 1, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  return '`'.repeat(longest + 1);
}

const inOneLine = (text: string) => text.replace(/\s+/g, ' ');
