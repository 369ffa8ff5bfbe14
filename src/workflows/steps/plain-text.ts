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
  const longest = Math.max(0, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = '`'.repeat(longest + 1);
  const apart = longest > 0 ? ' ' : '';
  return `${fence}${apart}${inOneLine(text)}${apart}${fence}`;
}

const inOneLine = (text: string) => text.replace(/\s+/g, ' ');
